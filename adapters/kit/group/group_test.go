package group_test

import (
	"context"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"carillon/adapters/kit/group"
	"carillon/core/fault"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestCommitter(t *testing.T) {
	t.Parallel()
	double := func(_ context.Context, in []int) ([]int, error) {
		out := make([]int, len(in))
		for i, n := range in {
			out[i] = 2 * n
		}
		return out, nil
	}
	t.Run("answers each caller with its own", func(t *testing.T) {
		t.Parallel()
		c := group.New(group.Config{}, double)
		defer c.Close()
		var all sync.WaitGroup
		for n := range 500 {
			all.Go(func() {
				if got, err := c.Do(t.Context(), n); err != nil || got != 2*n {
					t.Errorf("got %d, %v for %d", got, err, n)
				}
			})
		}
		all.Wait()
	})
	t.Run("merges what gathers while a commit is under way", func(t *testing.T) {
		t.Parallel()
		begun, release := make(chan int, 100), make(chan struct{})
		c := group.New(group.Config{Flushers: 1}, func(ctx context.Context, in []int) ([]int, error) {
			begun <- len(in)
			<-release
			return double(ctx, in)
		})
		defer c.Close()
		var all sync.WaitGroup
		all.Go(func() { _, _ = c.Do(t.Context(), 0) })
		<-begun
		for n := range 50 {
			all.Go(func() { _, _ = c.Do(t.Context(), n) })
		}
		for c.Waiting() < 50 {
			t.Log("gathering")
		}
		close(release)
		if n := <-begun; n != 50 {
			t.Errorf("the second commit took %d things", n)
		}
		all.Wait()
	})
	t.Run("begins a commit beside another only when enough has gathered", func(t *testing.T) {
		t.Parallel()
		begun, release := make(chan int, 100), make(chan struct{})
		c := group.New(group.Config{Flushers: 2, Beside: 10, Max: 12}, func(ctx context.Context, in []int) ([]int, error) {
			begun <- len(in)
			<-release
			return double(ctx, in)
		})
		defer c.Close()
		var all sync.WaitGroup
		hand := func(n int) {
			for range n {
				before := c.Waiting()
				all.Go(func() { _, _ = c.Do(t.Context(), 0) })
				for c.Waiting() == before && len(begun) == 0 {
					t.Log("handing in")
				}
			}
		}
		hand(1)
		if n := <-begun; n != 1 {
			t.Errorf("the first commit took %d things", n)
		}
		hand(9)
		if len(begun) > 0 {
			t.Error("a second commit began for nine things")
		}
		hand(1)
		if n := <-begun; n != 10 {
			t.Errorf("the second commit took %d things", n)
		}
		hand(30)
		if len(begun) > 0 {
			t.Error("a third commit began beside two")
		}
		close(release)
		all.Wait()
		for total := 0; total < 30; {
			n := <-begun
			if total += n; n > 12 {
				t.Errorf("a commit took %d things", n)
			}
		}
	})
	t.Run("commits what waits when it is closed", func(t *testing.T) {
		t.Parallel()
		begun, release := make(chan struct{}, 3), make(chan struct{})
		c := group.New(group.Config{}, func(ctx context.Context, in []int) ([]int, error) {
			begun <- struct{}{}
			<-release
			return double(ctx, in)
		})
		var all sync.WaitGroup
		all.Go(func() { _, _ = c.Do(t.Context(), 1) })
		<-begun
		all.Go(func() {
			if got, err := c.Do(t.Context(), 2); got != 4 || err != nil {
				t.Errorf("got %d, %v", got, err)
			}
		})
		for c.Waiting() < 1 {
			t.Log("waiting")
		}
		all.Go(c.Close)
		close(release)
		all.Wait()
	})
	t.Run("refuses more than its queue holds", func(t *testing.T) {
		t.Parallel()
		begun, release := make(chan struct{}, 3), make(chan struct{})
		c := group.New(group.Config{Flushers: 1, Queue: 1}, func(ctx context.Context, in []int) ([]int, error) {
			begun <- struct{}{}
			<-release
			return double(ctx, in)
		})
		defer c.Close()
		var all sync.WaitGroup
		all.Go(func() { _, _ = c.Do(t.Context(), 1) })
		<-begun
		all.Go(func() { _, _ = c.Do(t.Context(), 2) })
		for c.Waiting() < 1 {
			t.Log("waiting")
		}
		if _, err := c.Do(t.Context(), 3); !fault.Is(err, fault.Unavailable) {
			t.Errorf("got %v", err)
		}
		close(release)
		all.Wait()
	})
	t.Run("answers everybody when the commit panics", func(t *testing.T) {
		t.Parallel()
		c := group.New(group.Config{}, func(context.Context, []int) ([]int, error) { panic("no") })
		defer c.Close()
		if _, err := c.Do(t.Context(), 1); !fault.Is(err, fault.Unknown) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("refuses after it was closed", func(t *testing.T) {
		t.Parallel()
		c := group.New(group.Config{}, double)
		c.Close()
		if _, err := c.Do(t.Context(), 1); !fault.Is(err, fault.Unavailable) {
			t.Errorf("got %v", err)
		}
	})
}
