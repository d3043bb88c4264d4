// Package control holds the records of the Batch Controls (process 3.4.1.1, steps 1.9 and 2.0): runs,
// the threads into which a run parts its work, what went wrong with a row, and pauses.
//
// A run parts its work set by quantiles of the rows found, one range of keys for each thread. A thread is worked by one
// gateway at a time, in instances: an instance begins where the one before it stopped, which is its restart point. A
// gateway holds an instance under a lease; the instance's version is the fence, and it grows with every write.
package control

import (
	"cmp"
	"slices"
	"time"

	"carillon/core/fault"
)

// State is where a run or an instance of a thread stands.
type State uint8

// The states.
const (
	Pending   State = iota + 1 // a run: not parted yet; an instance: nobody works on it yet
	Running                    // being worked on
	Complete                   // everything was done
	Failed                     // it stopped with an error and can be restarted
	Cancelled                  // an operator ended it
	Lapsed                     // of an instance: its gateway was lost, and another instance went on
)

// States lists them.
func States() []State { return []State{Pending, Running, Complete, Failed, Cancelled, Lapsed} }

// String is the state as the API writes it.
func (s State) String() string {
	names := [...]string{"", "pending", "running", "complete", "error", "cancelled", "lapsed"}
	if int(s) >= len(names) {
		return ""
	}
	return names[s]
}

// Open reports whether there is still something to come.
func (s State) Open() bool { return s == Pending || s == Running }

// MaxThreads is how many threads a run may have.
const MaxThreads = 64

// Run is one run of a Batch Control.
type Run struct {
	Batch        string
	Number       int64             // 1, 2, … within the batch
	Rerun        int64             // the number of the run it repeats; 0: of none
	BusinessDate string            // YYYY-MM-DD
	Parameters   map[string]string // those in force, by name
	State        State
	Threads      int       // how many ranges its work is parted into at most
	By           string    // who asked: the schedule, or a principal
	DueAt        time.Time // of the schedule: the occurrence it is for
	AskedAt      time.Time
	StartedAt    time.Time // when its work was parted
	EndedAt      time.Time
	Reason       string // why it failed or was cancelled
	Reported     bool   // TD-BTERR has seen that it failed
	Version      int64  // grows with every write; a stale writer loses
}

// Range is a part of the keys of a work set: those behind the range before it, up to and with Until. Keys order by
// their bytes.
type Range struct {
	Until string
	Rows  int64 // how many rows were found in it
}

// Thread is one instance of a thread of a run: its statistics and its restart point.
type Thread struct {
	Batch     string
	Run       int64
	Thread    int    // 1, 2, … within the run
	Instance  int    // 1, 2, … of the thread
	After     string // its keys are behind this one
	Until     string // up to and with this one
	Rows      int64  // how many rows were found in the thread's range when it was parted
	At        string // the restart point: everything up to and with this key is done
	Done      int64  // rows this instance did without an error
	Errors    int64  // rows that had one
	State     State
	Owner     string    // the gateway that works on it
	Lease     time.Time // until when it is the owner's
	StartedAt time.Time
	EndedAt   time.Time
	Reason    string // why it stopped
	Version   int64  // grows with every write; a stale writer loses
}

// RowError is what went wrong with one row. It names the row by its key and holds no personal data.
type RowError struct {
	Batch    string
	Run      int64
	Thread   int
	Instance int
	Key      string
	Code     string // the kind of failure, or what was lost in a race
	Text     string
	At       time.Time
}

// Pause keeps the schedule from starting a batch, or no longer does.
type Pause struct {
	Batch  string
	Paused bool
	Reason string
	By     string
	At     time.Time
}

// Standing is where a batch stands.
type Standing struct {
	Batch     string
	Pause     Pause     // Paused is false where there is none
	Last      Run       // the newest run; zero: there was none
	SuccessAt time.Time // when a run was complete last
	TickAt    time.Time // the last occurrence of the schedule that was taken, as far as that is known
}

// View is a run with the instances of its threads, in order of thread and instance.
type View struct {
	Run     Run
	Threads []Thread
}

// Latest are the last instances of the threads.
func (v View) Latest() []Thread {
	var last []Thread
	for _, t := range v.Threads {
		if n := len(last); n > 0 && last[n-1].Thread == t.Thread {
			last[n-1] = t
			continue
		}
		last = append(last, t)
	}
	return last
}

// Sums adds up what the threads did: rows found, done and with an error.
func (v View) Sums() (rows, done, wrong int64) {
	for _, t := range v.Threads {
		if t.Instance == 1 {
			rows += t.Rows
		}
		done += t.Done
		wrong += t.Errors
	}
	return rows, done, wrong
}

// Part parts the run into threads: none when there is nothing to do, and then it is complete.
func (r Run) Part(now time.Time, ranges []Range) (Run, []Thread) {
	r.State, r.StartedAt, r.Version = Running, now, r.Version+1
	if len(ranges) == 0 {
		r.State, r.EndedAt = Complete, now
		return r, nil
	}
	threads := make([]Thread, len(ranges))
	after := ""
	for i, g := range ranges {
		threads[i] = Thread{
			Batch: r.Batch, Run: r.Number, Thread: i + 1, Instance: 1, After: after, Until: g.Until, Rows: g.Rows, At: after,
			State: Pending, Version: 1,
		}
		after = g.Until
	}
	r.Threads = len(ranges)
	return r, threads
}

// Close ends a run whose threads have ended; ok is false when one has not.
func (v View) Close(now time.Time) (r Run, ok bool) {
	r = v.Run
	if r.State != Running {
		return r, false
	}
	r.State = Complete
	for _, t := range v.Latest() {
		switch t.State {
		case Complete:
		case Failed:
			if r.State == Complete {
				r.State, r.Reason = Failed, t.Reason
			}
		default:
			return v.Run, false
		}
	}
	r.EndedAt, r.Version = now, r.Version+1
	return r, true
}

// Restart lets the threads that failed go on from their restart points: each gets a new instance. Fault Conflict when
// the run has not failed.
func (v View) Restart() (Run, []Thread, error) {
	r := v.Run
	if r.State != Failed {
		return r, nil, fault.New(fault.Conflict, "only a run that ended with an error can be restarted; this one is "+r.State.String())
	}
	var again []Thread
	for _, t := range v.Latest() {
		if t.State == Failed {
			again = append(again, t.again())
		}
	}
	r.State, r.EndedAt, r.Reason, r.Reported, r.Version = Running, time.Time{}, "", false, r.Version+1
	if len(v.Threads) == 0 { // its work could not be found
		r.State = Pending
	}
	return r, again, nil
}

// Cancel ends a run that is open or has failed, with the threads that have not ended. Fault Conflict when it ended
// otherwise.
func (v View) Cancel(now time.Time, reason string) (Run, []Thread, error) {
	r := v.Run
	if !r.State.Open() && r.State != Failed {
		return r, nil, fault.New(fault.Conflict, "the run has ended: it is "+r.State.String())
	}
	var ended []Thread
	for _, t := range v.Latest() {
		if t.State.Open() {
			ended = append(ended, t.End(now, Cancelled, reason))
		}
	}
	r.State, r.EndedAt, r.Reason, r.Version = Cancelled, now, reason, r.Version+1
	return r, ended, nil
}

// again is the next instance of the thread, which begins at the restart point.
func (t Thread) again() Thread {
	return Thread{
		Batch: t.Batch, Run: t.Run, Thread: t.Thread, Instance: t.Instance + 1, After: t.At, Until: t.Until, Rows: t.Rows, At: t.At,
		State: Pending, Version: 1,
	}
}

// Free reports whether a gateway may take the instance: nobody works on it, or its gateway's lease has run out.
func (t Thread) Free(now time.Time) bool {
	return t.State == Pending || t.State == Running && !now.Before(t.Lease)
}

// Take makes the thread a gateway's until the lease runs out. What it returns is to be written: the instance itself, or,
// where its gateway was lost, that one's end and the instance that goes on from its restart point. The last is the
// gateway's.
func (t Thread) Take(now time.Time, owner string, lease time.Time) []Thread {
	if t.State == Running {
		next := t.again()
		next.State, next.Owner, next.Lease, next.StartedAt = Running, owner, lease, now
		return []Thread{t.End(now, Lapsed, "its gateway was lost"), next}
	}
	t.State, t.Owner, t.Lease, t.StartedAt, t.Version = Running, owner, lease, now, t.Version+1
	return []Thread{t}
}

// Move notes what a commit did: the restart point, rows done and rows with an error, and the lease anew.
func (t Thread) Move(at string, done, wrong int64, lease time.Time) Thread {
	t.At, t.Lease, t.Version = at, lease, t.Version+1
	t.Done += done
	t.Errors += wrong
	return t
}

// End ends the instance.
func (t Thread) End(now time.Time, as State, reason string) Thread {
	t.State, t.EndedAt, t.Reason, t.Version = as, now, reason, t.Version+1
	return t
}

// Find returns the instance of a thread.
func (v View) Find(thread, instance int) (Thread, bool) {
	i := slices.IndexFunc(v.Threads, func(t Thread) bool { return t.Thread == thread && t.Instance == instance })
	if i < 0 {
		return Thread{}, false
	}
	return v.Threads[i], true
}

// Views puts what was read of runs together, in the order of the runs. Threads may come in any order.
func Views(runs []Run, threads []Thread) []View {
	slices.SortFunc(threads, func(a, b Thread) int {
		return cmp.Or(cmp.Compare(a.Thread, b.Thread), cmp.Compare(a.Instance, b.Instance))
	})
	type name struct {
		batch string
		run   int64
	}
	of := make(map[name][]Thread, len(runs))
	for _, t := range threads {
		n := name{t.Batch, t.Run}
		of[n] = append(of[n], t)
	}
	views := make([]View, len(runs))
	for i, r := range runs {
		views[i] = View{Run: r, Threads: of[name{r.Batch, r.Number}]}
	}
	return views
}
