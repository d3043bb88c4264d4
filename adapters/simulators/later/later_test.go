package later_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"carillon/adapters/simulators/later"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestQueue(t *testing.T) {
	t.Parallel()
	t.Run("runs in the order of time, each at its time", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			q := later.Start(10, 1)
			defer q.Close()
			begin := time.Now()
			var got []time.Duration
			for _, wait := range []time.Duration{3 * time.Second, time.Second, 2 * time.Second, 0} {
				if !q.After(wait, func(context.Context) { got = append(got, time.Since(begin)) }) {
					t.Fatal("the queue is full")
				}
			}
			time.Sleep(5 * time.Second)
			synctest.Wait()
			if want := []time.Duration{0, time.Second, 2 * time.Second, 3 * time.Second}; !slices.Equal(got, want) {
				t.Errorf("ran at %v", got)
			}
			if q.Pending() != 0 {
				t.Errorf("%d pend", q.Pending())
			}
		})
	})
	t.Run("holds no more than its capacity and counts what it refused", func(t *testing.T) {
		t.Parallel()
		q := later.Start(2, 1)
		for i := range 3 {
			if took := q.After(time.Hour, func(context.Context) {}); took != (i < 2) {
				t.Errorf("number %d: %v", i, took)
			}
		}
		if q.Refused() != 1 || q.Pending() != 2 {
			t.Errorf("refused %d, pending %d", q.Refused(), q.Pending())
		}
		q.Close()
		if q.After(0, func(context.Context) {}) {
			t.Error("it took work after its end")
		}
	})
	t.Run("cancels what runs when it closes", func(t *testing.T) {
		t.Parallel()
		q := later.Start(2, 1)
		running := make(chan struct{})
		q.After(0, func(ctx context.Context) {
			close(running)
			<-ctx.Done()
		})
		<-running
		q.Close()
	})
}

func TestRetry(t *testing.T) {
	t.Parallel()
	r := later.Retry{Attempts: 6, AtOnce: 2, First: time.Second, Max: 3 * time.Second}.WithDefaults()
	for tries, want := range map[int]time.Duration{
		1: 0, 2: 0, 3: time.Second, 4: 2 * time.Second, 5: 3 * time.Second,
	} {
		if wait, again := r.Wait(tries); !again || wait != want {
			t.Errorf("after %d tries: %v %v", tries, wait, again)
		}
	}
	if _, again := r.Wait(6); again {
		t.Error("there is a seventh try")
	}
	if d := (later.Retry{}).WithDefaults(); d.Attempts != 12 || d.Timeout != 15*time.Second {
		t.Errorf("the defaults are %+v", d)
	}
}

func TestMemory(t *testing.T) {
	t.Parallel()
	m := later.NewMemory[int](10)
	for i := range 100 {
		m.Put(fmt.Sprint(i), i)
	}
	if value, found := m.Get("95"); !found || value != 95 {
		t.Error("it forgot what is new")
	}
	if _, found := m.Get("1"); found {
		t.Error("it remembers what is old")
	}
	if n := len(m.Keys()); n < 10 || n > 20 {
		t.Errorf("it remembers %d", n)
	}
	if value, known := m.Add("95", 7); !known || value != 95 {
		t.Errorf("adding a known key: %d %v", value, known)
	}
	m.Remove("95")
	if value, known := m.Add("95", 7); known || value != 7 {
		t.Errorf("adding a new key: %d %v", value, known)
	}
}
