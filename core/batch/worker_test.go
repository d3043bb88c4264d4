package batch_test

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"carillon/core/access"
	"carillon/core/batch"
	"carillon/core/control"
	"carillon/core/fault"
	"carillon/core/plugin"
	"carillon/core/store"
)

// errand is a work set of numbered rows: each is done once, some cannot be done.
type errand struct {
	s     *registry
	rows  int
	bad   map[int]bool // rows that cannot be decided
	stuck map[int]bool // rows whose write set always loses
	trip  error        // of the next page
}

func (e *errand) Key(n int) string { return fmt.Sprintf("%04d", n) }

func (e *errand) name(n int) string { return "row-" + e.Key(n) }

// open are the rows that are left, behind after and up to until.
func (e *errand) open(after, until string) (left []int) {
	for n := range e.rows {
		if k := e.Key(n); e.s.done[e.name(n)] == 0 && k > after && k <= until {
			left = append(left, n)
		}
	}
	return left
}

func (e *errand) Plan(_ context.Context, _ time.Time, run control.Run) ([]control.Range, error) {
	left := e.open("", "~")
	var ranges []control.Range
	for i := range run.Threads {
		from, to := len(left)*i/run.Threads, len(left)*(i+1)/run.Threads
		if to > from {
			ranges = append(ranges, control.Range{Until: e.Key(left[to-1]), Rows: int64(to - from)})
		}
	}
	return ranges, nil
}

func (e *errand) Page(_ context.Context, _ control.Run, after, until string, limit int) ([]int, error) {
	if err := e.trip; err != nil {
		e.trip = nil
		return nil, err
	}
	left := e.open(after, until)
	return left[:min(limit, len(left))], nil
}

func (e *errand) Do(_ context.Context, _ time.Time, _ control.Run, rows []int) ([]batch.Result, error) {
	out := make([]batch.Result, len(rows))
	for i, n := range rows {
		switch {
		case e.bad[n]:
			out[i].Err = fault.New(fault.Invalid, "it cannot be done")
		case e.stuck[n]:
			store.In(&out[i].Writes.Ledger).Cursors = []store.Cursor{{Name: e.name(n), From: 1}}
		default:
			store.In(&out[i].Writes.Ledger).Cursors = []store.Cursor{{Name: e.name(n)}}
		}
	}
	return out, nil
}

// works is a shop with one batch, ERRAND, and a clock.
type works struct {
	*errand
	*batch.Operator

	now     time.Time
	workers int
}

func newWorks(e *errand) *works {
	e.s = newRegistry()
	w := &works{errand: e, now: noon()}
	w.Operator = &batch.Operator{
		Store: e.s, Facts: e.s, Configs: fixed{testConfig()}, Since: noon(),
		Book: batch.Book{{Code: "ERRAND", Tells: "Does what is to be done.", Job: batch.Of(e), Parameters: []plugin.Parameter{
			{Name: "LEAD-DAYS", Kind: plugin.Integer, Most: 99, Default: "0"},
		}}},
	}
	return w
}

func (w *works) worker() *batch.Worker {
	w.workers++
	floor := &batch.Floor{Store: w.s, Facts: w.s, Book: w.Book, Watch: w.s, Lease: time.Minute}
	return &batch.Worker{Floor: floor, Name: "worker-" + strconv.Itoa(w.workers)}
}

func operator() access.Principal {
	return access.Principal{Name: "olga", Roles: []access.Role{access.SRE}}
}

// finish works until nothing is to be done.
func (w *works) finish(ctx context.Context, t fatal) {
	hand := w.worker()
	for range 10_000 {
		more, err := hand.Turn(ctx, w.now)
		if err != nil {
			t.Fatalf("working: %v", err)
		}
		if !more {
			return
		}
	}
	t.Fatalf("the work comes to no end")
}

type fatal interface{ Fatalf(string, ...any) }

func (w *works) start(ctx context.Context, t fatal, ask batch.Ask) control.View {
	v, err := w.Start(ctx, w.now, operator(), "ERRAND", ask)
	if err != nil {
		t.Fatalf("starting: %v", err)
	}
	return v
}

func (w *works) run(ctx context.Context, t fatal, number int64) control.View {
	v, err := w.s.BatchRun(ctx, "ERRAND", number)
	if err != nil {
		t.Fatalf("reading: %v", err)
	}
	return v
}

// TestBatchSurvives kills gateways wherever it likes: every row is done once, rows that cannot be done are noted once,
// and the same run again changes nothing.
func TestBatchSurvives(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		ctx := context.Background()
		e := &errand{rows: rapid.IntRange(0, 60).Draw(t, "rows"), bad: map[int]bool{}, stuck: map[int]bool{}}
		for n := range e.rows {
			switch rapid.IntRange(0, 9).Draw(t, "fate") {
			case 0:
				e.bad[n] = true
			case 1:
				e.stuck[n] = true
			}
		}
		w := newWorks(e)
		w.start(ctx, t, batch.Ask{Threads: rapid.IntRange(1, 5).Draw(t, "threads"), Parameters: map[string]string{"COMMIT": strconv.Itoa(rapid.IntRange(1, 9).Draw(t, "commit"))}})
		hands := []*batch.Worker{w.worker(), w.worker(), w.worker()}
		for range rapid.IntRange(0, 80).Draw(t, "turns") {
			i := rapid.IntRange(0, len(hands)-1).Draw(t, "who")
			switch rapid.IntRange(0, 11).Draw(t, "fate of the gateway") {
			case 0: // it dies, and another starts
				hands[i] = w.worker()
			case 1: // it stops in an orderly way
				if err := hands[i].Release(ctx, w.now); err != nil && !fault.Passing(err) {
					t.Fatalf("releasing: %v", err)
				}
			case 2: // time passes: leases lapse while their gateways live
				w.now = w.now.Add(2 * time.Minute)
			case 3:
				w.s.lost = true
			case 4:
				w.s.down = fault.New(fault.Unavailable, "the store is gone")
			case 5:
				e.trip = fault.New(fault.Unavailable, "the store is gone")
			}
			if _, err := hands[i].Turn(ctx, w.now); err != nil && !fault.Passing(err) {
				t.Fatalf("a turn: %v", err)
			}
		}
		w.s.lost, w.s.down, e.trip = false, nil, nil
		w.now = w.now.Add(2 * time.Minute)
		w.finish(ctx, t)
		w.proven(ctx, t, 1)
		before := len(w.s.done)
		if _, err := w.Rerun(ctx, w.now, operator(), "ERRAND", 1); err != nil {
			t.Fatalf("rerunning: %v", err)
		}
		w.finish(ctx, t)
		if len(w.s.done) != before {
			t.Fatalf("the rerun did %d rows more", len(w.s.done)-before)
		}
		w.proven(ctx, t, 2)
	})
}

// proven stops the test unless every row was done once, those that cannot be done were noted, and the run adds up.
func (w *works) proven(ctx context.Context, t fatal, number int64) {
	v := w.run(ctx, t, number)
	if v.Run.State != control.Complete || v.Run.EndedAt.IsZero() {
		t.Fatalf("the run is %s", v.Run.State)
	}
	noted, _ := w.s.BatchErrors(ctx, "ERRAND", number, "", 0)
	if len(noted) != len(w.bad)+len(w.stuck) {
		t.Fatalf("%d rows were noted, want %d", len(noted), len(w.bad)+len(w.stuck))
	}
	for n := range w.rows {
		want := 1
		if w.bad[n] || w.stuck[n] {
			want = 0
		}
		if got := w.s.done[w.name(n)]; got != want {
			t.Fatalf("row %d was done %d times, want %d", n, got, want)
		}
	}
	_, done, wrong := v.Sums()
	if number == 1 && int(done) != w.rows-len(noted) || int(wrong) != len(noted) {
		t.Fatalf("the threads did %d rows and %d had an error, of %d and %d", done, wrong, w.rows-len(noted), len(noted))
	}
}

func TestBatchErrors(t *testing.T) {
	t.Parallel()
	t.Run("stops a thread after MAX-ERRORS, restarts it alone behind its last row, and finishes", func(t *testing.T) {
		t.Parallel()
		w := newWorks(&errand{rows: 20, bad: map[int]bool{2: true, 4: true, 6: true}})
		w.start(t.Context(), t, batch.Ask{Threads: 2, Parameters: map[string]string{"MAX-ERRORS": "2"}})
		w.finish(t.Context(), t)
		v := w.run(t.Context(), t, 1)
		if v.Run.State != control.Failed || v.Run.Reason != "MAX-ERRORS" || v.Threads[0].At != "0004" || v.Threads[1].State != control.Complete {
			t.Fatalf("%+v", v)
		}
		if w.s.done["row-0005"] != 0 {
			t.Error("it went on")
		}
		if _, err := w.Restart(t.Context(), w.now, operator(), "ERRAND", 1); err != nil {
			t.Fatal(err)
		}
		w.finish(t.Context(), t)
		v = w.run(t.Context(), t, 1)
		if v.Run.State != control.Complete || len(v.Threads) != 3 || v.Threads[1].Instance != 2 || v.Threads[1].Errors != 1 || v.Threads[1].Done != 4 {
			t.Fatalf("%+v", v)
		}
		if _, err := w.Restart(t.Context(), w.now, operator(), "ERRAND", 1); !fault.Is(err, fault.Conflict) {
			t.Errorf("a run that is complete is restarted: %v", err)
		}
	})
	t.Run("fails a thread when its work cannot be read for good, and not when that will pass", func(t *testing.T) {
		t.Parallel()
		w := newWorks(&errand{rows: 5})
		w.start(t.Context(), t, batch.Ask{})
		hand := w.worker()
		for range 2 { // part, take
			if _, err := hand.Turn(t.Context(), w.now); err != nil {
				t.Fatal(err)
			}
		}
		w.trip = fault.New(fault.Unavailable, "the store is gone")
		if _, err := hand.Turn(t.Context(), w.now); !fault.Is(err, fault.Unavailable) {
			t.Fatalf("%v", err)
		}
		w.trip = fault.New(fault.Misconfigured, "no reminder type")
		if _, err := hand.Turn(t.Context(), w.now); err != nil {
			t.Fatal(err)
		}
		if v := w.run(t.Context(), t, 1); v.Run.State != control.Failed || !strings.Contains(v.Run.Reason, "no reminder type") {
			t.Fatalf("%+v", v.Run)
		}
	})
	t.Run("cancels a run while it is worked on: what was committed stays, and nothing more is done", func(t *testing.T) {
		t.Parallel()
		w := newWorks(&errand{rows: 9})
		w.start(t.Context(), t, batch.Ask{Parameters: map[string]string{"COMMIT": "2"}})
		hand := w.worker()
		for range 4 {
			if _, err := hand.Turn(t.Context(), w.now); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := w.Cancel(t.Context(), w.now, operator(), "ERRAND", 1); err != nil {
			t.Fatal(err)
		}
		for range 4 {
			if _, err := hand.Turn(t.Context(), w.now); err != nil {
				t.Fatal(err)
			}
		}
		v := w.run(t.Context(), t, 1)
		if v.Run.State != control.Cancelled || len(w.s.done) != 4 || v.Threads[0].State != control.Cancelled {
			t.Fatalf("%d done: %+v", len(w.s.done), v)
		}
	})
}

// TestBatchShares proves that gateways work on one run side by side.
func TestBatchShares(t *testing.T) {
	t.Parallel()
	w := newWorks(&errand{rows: 40})
	w.start(t.Context(), t, batch.Ask{Threads: 2, Parameters: map[string]string{"COMMIT": "5"}})
	one, two := w.worker(), w.worker()
	for range 20 {
		for _, hand := range []*batch.Worker{one, two} {
			if _, err := hand.Turn(t.Context(), w.now); err != nil {
				t.Fatal(err)
			}
		}
	}
	v := w.run(t.Context(), t, 1)
	if v.Run.State != control.Complete || len(v.Threads) != 2 || v.Threads[0].Owner == v.Threads[1].Owner || v.Threads[0].Done != 20 {
		t.Fatalf("%+v", v)
	}
}

func TestBatchAsked(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		says string
		ask  batch.Ask
		want string
	}{
		{"a parameter beyond its bounds", batch.Ask{Parameters: map[string]string{"LEAD-DAYS": "100"}}, "/parameters/LEAD-DAYS is a whole number from 0 to 99"},
		{"a parameter below its bounds", batch.Ask{Parameters: map[string]string{"LEAD-DAYS": "-1"}}, "/parameters/LEAD-DAYS is a whole number from 0 to 99"},
		{"a parameter that is no number", batch.Ask{Parameters: map[string]string{"MAX-ERRORS": "many"}}, "/parameters/MAX-ERRORS is a whole number of at least 0"},
		{"a parameter nobody knows", batch.Ask{Parameters: map[string]string{"a/b": "1"}}, "/parameters/a~1b is no parameter of this batch"},
		{"a date that is none", batch.Ask{BusinessDate: "31.3.2026"}, "/businessDate is a date, as 2026-03-31"},
		{"too many threads", batch.Ask{Threads: 65}, "/threads is a whole number from 1 to 64"},
	} {
		t.Run("refuses "+c.says+" and starts nothing", func(t *testing.T) {
			t.Parallel()
			w := newWorks(&errand{rows: 3})
			_, err := w.Start(t.Context(), w.now, operator(), "ERRAND", c.ask)
			if !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %s", err, c.want)
			}
			if len(w.s.runs)+len(w.s.entries) != 0 {
				t.Error("something was written")
			}
		})
	}
	t.Run("takes today's date in the zone of the division, and says what is in force", func(t *testing.T) {
		t.Parallel()
		w := newWorks(&errand{})
		v := w.start(t.Context(), t, batch.Ask{Parameters: map[string]string{"LEAD-DAYS": "5"}})
		if v.Run.BusinessDate != noon().In(testConfig().Zone(testDivision)).Format(time.DateOnly) || v.Run.Parameters["LEAD-DAYS"] != "5" {
			t.Errorf("%+v", v.Run)
		}
		w.finish(t.Context(), t)
		if v := w.run(t.Context(), t, 1); v.Run.State != control.Complete {
			t.Errorf("a run with nothing to do is %s", v.Run.State)
		}
	})
	t.Run("has one open run, and lets nobody run without the right", func(t *testing.T) {
		t.Parallel()
		w := newWorks(&errand{rows: 3})
		w.start(t.Context(), t, batch.Ask{})
		if _, err := w.Start(t.Context(), w.now, operator(), "ERRAND", batch.Ask{}); !fault.Is(err, fault.Conflict) {
			t.Errorf("two runs are open: %v", err)
		}
		if _, err := w.Start(t.Context(), w.now, access.Principal{Name: "csr", Roles: []access.Role{access.CSR}}, "ERRAND", batch.Ask{}); !fault.Is(err, fault.Forbidden) {
			t.Errorf("a CSR runs batches: %v", err)
		}
		if _, err := w.Start(t.Context(), w.now, operator(), "errand", batch.Ask{}); !fault.Is(err, fault.NotFound) {
			t.Errorf("a code in another case is found: %v", err)
		}
	})
}
