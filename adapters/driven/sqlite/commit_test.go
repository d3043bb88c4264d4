package sqlite

import (
	"context"
	"errors"
	"path/filepath"
	"reflect"
	"sync"
	"testing"
	"time"

	sqlite3 "modernc.org/sqlite/lib"

	"carillon/core/customer"
	"carillon/core/fault"
)

func newStore(t *testing.T) *Store {
	t.Helper()
	s, err := Open(t.Context(), Config{Path: filepath.Join(t.TempDir(), "carillon.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// line holds the writing connection until it is let go, so that calls gather behind it.
type line struct {
	t    *testing.T
	c    *committer
	free chan struct{}
	wg   sync.WaitGroup
}

func newLine(t *testing.T, c *committer) *line {
	t.Helper()
	l := &line{t: t, c: c, free: make(chan struct{})}
	began := make(chan struct{})
	l.wg.Go(func() {
		err := c.run(t.Context(), 1, func(context.Context, *tx) error {
			close(began)
			<-l.free
			return nil
		})
		if err != nil {
			t.Errorf("the call in front: %v", err)
		}
	})
	<-began
	return l
}

// queued waits until n calls wait.
func (l *line) queued(n int) {
	l.t.Helper()
	for range 5000 {
		l.c.mu.Lock()
		waiting := len(l.c.queue)
		l.c.mu.Unlock()
		if waiting == n {
			return
		}
		time.Sleep(time.Millisecond)
	}
	l.t.Fatalf("never did %d calls wait", n)
}

func (l *line) join(ctx context.Context, size int, do func(context.Context, *tx) error, judge func(error)) {
	l.wg.Go(func() { judge(l.c.run(ctx, size, do)) })
}

func (l *line) let() {
	close(l.free)
	l.wg.Wait()
}

func beatOnce(ctx context.Context, x *tx) error {
	_, err := x.exec(ctx, `update heartbeat set beats = beats + 1 where id = 1`)
	return err
}

func beats(t *testing.T, s *Store) (n int64) {
	t.Helper()
	n, err := s.number(t.Context(), "reading", `select beats from heartbeat`)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// none is the judge of a call that must not fail.
func none(t *testing.T) func(error) {
	t.Helper()
	return func(err error) {
		if err != nil {
			t.Errorf("a call fails: %v", err)
		}
	}
}

func TestCommitter(t *testing.T) {
	t.Run("commits what has gathered in one transaction, up to its bound", func(t *testing.T) {
		l := newLine(t, newStore(t).commits)
		var mu sync.Mutex
		transactions := map[uintptr]int{} // by the map that each begins with
		for range 5 {
			l.join(t.Context(), maxGroup/4, func(_ context.Context, x *tx) error {
				mu.Lock()
				defer mu.Unlock()
				transactions[reflect.ValueOf(x.counts).Pointer()]++
				return nil
			}, none(t))
		}
		l.queued(5)
		l.let()
		most := 0
		for _, n := range transactions {
			most = max(most, n)
		}
		if most != 4 {
			t.Errorf("the fullest transaction held %d calls, want 4", most)
		}
	})
	t.Run("commits the others when one spoils it for all", func(t *testing.T) {
		s := newStore(t)
		l, spoilt := newLine(t, s.commits), errors.New("spoilt")
		for range 3 {
			l.join(t.Context(), 1, beatOnce, none(t))
		}
		l.join(t.Context(), 1, func(ctx context.Context, x *tx) error {
			return errors.Join(beatOnce(ctx, x), spoilt)
		}, func(err error) {
			if !errors.Is(err, spoilt) {
				t.Errorf("the spoiler gets %v", err)
			}
		})
		l.queued(4)
		l.let()
		if n := beats(t, s); n != 3 {
			t.Errorf("%d calls were committed, want 3", n)
		}
	})
	t.Run("withdraws a waiting call whose context ends", func(t *testing.T) {
		s := newStore(t)
		l := newLine(t, s.commits)
		ctx, cancel := context.WithCancel(t.Context())
		answered := make(chan struct{})
		l.join(ctx, 1, beatOnce, func(err error) {
			if !errors.Is(err, context.Canceled) {
				t.Errorf("the call gets %v", err)
			}
			close(answered)
		})
		l.queued(1)
		cancel()
		<-answered
		l.queued(0)
		l.let()
		if n := beats(t, s); n != 0 {
			t.Errorf("%d calls were committed, want none", n)
		}
	})
}

func TestCommitterGoesOn(t *testing.T) {
	t.Run("after a call has panicked", func(t *testing.T) {
		s := newStore(t)
		func() {
			defer func() { _ = recover() }()
			_ = s.commits.run(t.Context(), 1, func(ctx context.Context, x *tx) error {
				panic(beatOnce(ctx, x))
			})
		}()
		none(t)(s.commits.run(t.Context(), 1, beatOnce))
		if n := beats(t, s); n != 1 {
			t.Errorf("%d calls were committed, want 1", n)
		}
	})
	t.Run("until what is under way is done, then closes", func(t *testing.T) {
		s := newStore(t)
		l := newLine(t, s.commits)
		l.join(t.Context(), 1, beatOnce, none(t))
		l.queued(1)
		closing := make(chan error, 1)
		go func() { closing <- s.Close() }()
		select {
		case err := <-closing:
			t.Fatalf("closed while a call was under way: %v", err)
		case <-time.After(20 * time.Millisecond):
		}
		l.let()
		none(t)(<-closing)
	})
}

func TestConnections(t *testing.T) {
	s := newStore(t)
	for pragma, want := range map[string]string{"journal_mode": "wal", "synchronous": "2", "busy_timeout": "5000"} {
		var got string
		err := s.commits.run(t.Context(), 1, func(ctx context.Context, x *tx) error {
			return x.conn.QueryRowContext(ctx, "pragma "+pragma).Scan(&got)
		})
		if err != nil || got != want {
			t.Errorf("%s is %s, %v, want %s", pragma, got, err, want)
		}
	}
	if _, err := s.readers.ExecContext(t.Context(), `delete from heartbeat`); err == nil {
		t.Error("a reader can write")
	}
}

func TestKindOfCode(t *testing.T) {
	for code, want := range map[int]fault.Kind{
		sqlite3.SQLITE_BUSY: fault.Unavailable, sqlite3.SQLITE_LOCKED: fault.Unavailable,
		sqlite3.SQLITE_FULL: fault.Unavailable, sqlite3.SQLITE_IOERR_FSYNC: fault.Unavailable,
		sqlite3.SQLITE_READONLY: fault.Unavailable, sqlite3.SQLITE_INTERRUPT: fault.Unavailable,
		sqlite3.SQLITE_CONSTRAINT_UNIQUE: fault.Conflict, sqlite3.SQLITE_TOOBIG: fault.Invalid,
		sqlite3.SQLITE_ERROR: fault.Unknown, sqlite3.SQLITE_MISUSE: fault.Unknown,
	} {
		if got := kindOfCode(code); got != want {
			t.Errorf("code %d is %v, want %v", code, got, want)
		}
	}
}

func TestClassify(t *testing.T) {
	known := fault.New(fault.NotFound, "known")
	for _, c := range []struct {
		err  error
		want fault.Kind
	}{
		{context.Canceled, fault.Cancelled},
		{context.DeadlineExceeded, fault.Unavailable},
		{known, fault.NotFound},
		{errors.New("another"), fault.Unknown},
	} {
		if got := fault.KindOf(classify("doing", c.err)); got != c.want {
			t.Errorf("%v is %v, want %v", c.err, got, c.want)
		}
	}
	if classify("doing", nil) != nil {
		t.Error("nil stays nil")
	}
}

func TestMerge(t *testing.T) {
	point := func(id customer.PointID, value customer.Address, origin customer.Origin) customer.Point {
		return customer.Point{ID: id, Kind: customer.Phone, Value: value, Origin: origin}
	}
	cis, own := customer.FromCIS, customer.FromCarillon
	for says, c := range map[string]struct{ stored, load, want []customer.Point }{
		"the order is the load's": {
			[]customer.Point{point(1, "a", cis), point(2, "b", cis)},
			[]customer.Point{point(9, "b", cis), point(8, "a", cis)},
			[]customer.Point{point(2, "b", cis), point(1, "a", cis)},
		},
		"what is not named goes, whoever owned it": {
			[]customer.Point{point(1, "a", cis), point(2, "b", own)}, nil, []customer.Point{},
		},
		"a point has the owner that is written": {
			[]customer.Point{point(2, "b", cis)}, []customer.Point{point(7, "b", own)}, []customer.Point{point(2, "b", own)},
		},
		"of a value given twice the first counts": {
			nil, []customer.Point{point(7, "b", cis), point(8, "b", cis)}, []customer.Point{point(7, "b", cis)},
		},
	} {
		if got := merge(c.stored, c.load); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %v, want %v", says, got, c.want)
		}
	}
}
