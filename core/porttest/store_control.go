package porttest

import (
	"fmt"
	"sync"
	"time"

	"carillon/core/control"
	"carillon/core/fault"
	"carillon/core/store"
)

// NewBatchRun is a run of a batch that was asked for at noon.
func NewBatchRun(batch string, number int64) control.Run {
	return control.Run{
		Batch: batch, Number: number, BusinessDate: "2026-03-31", Parameters: map[string]string{"LEAD-DAYS": "5", "MAX-ERRORS": "10"},
		State: control.Pending, Threads: 2, By: "sre", AskedAt: Noon(), Version: 1,
	}
}

func (st *stand) batchRun(batch string, number int64) control.View {
	st.t.Helper()
	v, err := st.s.BatchRun(st.t.Context(), batch, number)
	st.ok(err, "reading a run of a batch")
	return v
}

// parted is a run with two threads.
func (st *stand) parted(batch string, number int64) control.View {
	st.t.Helper()
	run := NewBatchRun(batch, number)
	st.applied(store.Writes{Batch: &store.BatchWrites{BatchRuns: []control.Run{run}}})
	run, threads := run.Part(Noon(), []control.Range{{Until: "m", Rows: 3}, {Until: "z", Rows: 4}})
	st.applied(store.Writes{Batch: &store.BatchWrites{BatchRuns: []control.Run{run}, BatchThreads: threads}})
	return control.View{Run: run, Threads: threads}
}

func batchRuns() []sentence {
	return []sentence{
		{"keeps a run as it was asked for, and with its threads once its work was parted", func(st *stand) {
			_, err := st.s.BatchRun(st.t.Context(), "A", 1)
			st.kind(err, fault.NotFound)
			run := NewBatchRun("A", 1)
			run.Rerun, run.DueAt = 7, Noon().Add(-time.Minute)
			st.applied(store.Writes{Batch: &store.BatchWrites{BatchRuns: []control.Run{run}}})
			st.same("run", st.batchRun("A", 1), control.View{Run: run})
			run, threads := run.Part(Noon(), []control.Range{{Until: "m", Rows: 3}, {Until: "z", Rows: 4}})
			st.applied(store.Writes{Batch: &store.BatchWrites{BatchRuns: []control.Run{run}, BatchThreads: threads}})
			st.same("parted", st.batchRun("A", 1), control.View{Run: run, Threads: threads})
			open, err := st.s.OpenBatchRuns(st.t.Context())
			st.ok(err, "listing open runs")
			st.same("open", open, []control.View{{Run: run, Threads: threads}})
		}},
		{"has one run of a batch open at a time, and one of a number", func(st *stand) {
			st.applied(store.Writes{Batch: &store.BatchWrites{BatchRuns: []control.Run{NewBatchRun("A", 1)}}})
			st.conflict(store.LostRun, store.Writes{Batch: &store.BatchWrites{BatchRuns: []control.Run{NewBatchRun("A", 2)}}})
			st.conflict(store.LostRun, store.Writes{Batch: &store.BatchWrites{BatchRuns: []control.Run{NewBatchRun("A", 1)}}})
			st.applied(store.Writes{Batch: &store.BatchWrites{BatchRuns: []control.Run{NewBatchRun("B", 1)}}})
			done, _ := NewBatchRun("A", 1).Part(Noon(), nil)
			st.applied(store.Writes{Batch: &store.BatchWrites{BatchRuns: []control.Run{done}}}, store.Writes{Batch: &store.BatchWrites{BatchRuns: []control.Run{NewBatchRun("A", 2)}}})
			st.conflict(store.LostRun, store.Writes{Batch: &store.BatchWrites{BatchRuns: []control.Run{done}}}) // stale
		}},
		{"lists the runs of a batch, the newest first, page by page", func(st *stand) {
			for n := range int64(5) {
				run, _ := NewBatchRun("A", n+1).Part(Noon(), nil)
				run.Version = 1
				st.applied(store.Writes{Batch: &store.BatchWrites{BatchRuns: []control.Run{run}}})
			}
			st.applied(store.Writes{Batch: &store.BatchWrites{BatchRuns: []control.Run{NewBatchRun("B", 9)}}})
			var numbers []int64
			for below := int64(0); ; {
				page, err := st.s.BatchRunList(st.t.Context(), "A", below, 2)
				st.ok(err, "listing runs")
				if len(page) == 0 {
					break
				}
				for _, v := range page {
					numbers = append(numbers, v.Run.Number)
				}
				below = page[len(page)-1].Run.Number
			}
			st.same("numbers", numbers, []int64{5, 4, 3, 2, 1})
		}},
		{"tells where a batch stands: its pause, its last run, its last success, its last tick", func(st *stand) {
			run, _ := NewBatchRun("A", 1).Part(Noon(), nil)
			run.Version = 1
			st.applied(store.Writes{Batch: &store.BatchWrites{BatchRuns: []control.Run{run}}})
			last := NewBatchRun("A", 2)
			pause := control.Pause{Batch: "A", Paused: true, Reason: "a day off", By: "sre", At: Noon()}
			st.applied(store.Writes{
				Batch: &store.BatchWrites{BatchRuns: []control.Run{last}, BatchPauses: []control.Pause{pause}}, Upkeep: &store.UpkeepWrites{Ticks: []store.Tick{{Chore: "A", At: Noon().Add(-time.Hour), By: "x"}, {Chore: "A", At: Noon(), By: "x"}}},
			})
			got, err := st.s.BatchStandings(st.t.Context(), []string{"B", "A"})
			st.ok(err, "reading where batches stand")
			st.same("standings", got, []control.Standing{
				{Batch: "B", Pause: control.Pause{Batch: "B"}}, {Batch: "A", Pause: pause, Last: last, SuccessAt: Noon(), TickAt: Noon()},
			})
			pause.Paused = false
			st.applied(store.Writes{Batch: &store.BatchWrites{BatchPauses: []control.Pause{pause}}})
			got, err = st.s.BatchStandings(st.t.Context(), []string{"A"})
			st.ok(err, "reading where a batch stands")
			st.same("resumed", got[0].Pause, control.Pause{Batch: "A"})
		}},
		{"lists the runs that failed and were not reported", func(st *stand) {
			for i, batch := range []string{"A", "A", "B", "C"} {
				run := NewBatchRun(batch, int64(i+1))
				run.State, run.Reason, run.Reported = control.Failed, "invalid", batch == "C"
				st.applied(store.Writes{Batch: &store.BatchWrites{BatchRuns: []control.Run{run}}})
			}
			page, err := st.s.FailedBatchRuns(st.t.Context(), "", 0, 2)
			st.ok(err, "listing failed runs")
			st.check(len(page) == 2 && page[0].Number == 1 && page[1].Number == 2, "the first two")
			page, err = st.s.FailedBatchRuns(st.t.Context(), "A", 2, 2)
			st.ok(err, "listing failed runs")
			st.check(len(page) == 1 && page[0].Batch == "B" && page[0].Reason == "invalid", "the third, and no more")
		}},
	}
}

func batchThreads() []sentence {
	return []sentence{
		{"gives a thread to one of those who take it at once", func(st *stand) {
			v := st.parted("A", 1)
			var mu sync.Mutex
			var racing sync.WaitGroup
			won := 0
			for i := range 8 {
				racing.Go(func() {
					put := v.Threads[0].Take(Noon(), fmt.Sprint("gateway-", i), Noon().Add(time.Minute))
					verdicts, err := st.s.Apply(st.t.Context(), store.Writes{Batch: &store.BatchWrites{BatchThreads: put}})
					if err != nil {
						st.t.Errorf("taking a thread: %v", err)
						return
					}
					mu.Lock()
					defer mu.Unlock()
					if verdicts[0].Outcome == store.Applied {
						won++
					} else if verdicts[0].What != store.LostThread {
						st.t.Errorf("lost over %q", verdicts[0].What)
					}
				})
			}
			racing.Wait()
			st.same("winners", won, 1)
		}},
		{"writes the work of a thread with its restart point, or neither, when another gateway has taken it over", func(st *stand) {
			v := st.parted("A", 1)
			mine := v.Threads[0].Take(Noon(), "slow", Noon().Add(time.Minute))[0]
			st.applied(store.Writes{Batch: &store.BatchWrites{BatchThreads: []control.Thread{mine}}})
			work := NewAcceptance(st.r, Given{})
			moved := mine.Move("c", 3, 1, Noon().Add(2*time.Minute))
			wrong := control.RowError{Batch: "A", Run: 1, Thread: 1, Instance: 1, Key: "b", Code: "invalid", Text: "is wrong", At: Noon()}
			st.applied(work.And(store.Writes{Batch: &store.BatchWrites{BatchThreads: []control.Thread{moved}, BatchErrors: []control.RowError{wrong}}}))
			st.whole(work)
			over := moved.Take(Noon().Add(time.Hour), "quick", Noon().Add(2*time.Hour))
			st.applied(store.Writes{Batch: &store.BatchWrites{BatchThreads: over}})
			late := NewAcceptance(st.r, Given{})
			st.conflict(store.LostThread, late.And(store.Writes{Batch: &store.BatchWrites{BatchThreads: []control.Thread{moved.Move("d", 1, 0, Noon().Add(time.Hour))}}}))
			st.absent(late)
			got := st.batchRun("A", 1)
			st.same("threads", got.Threads, []control.Thread{over[0], over[1], v.Threads[1]})
			st.same("restart point", over[1].At, "c")
			errors, err := st.s.BatchErrors(st.t.Context(), "A", 1, "", 9)
			st.ok(err, "reading errors")
			st.same("errors", errors, []control.RowError{wrong})
		}},
		{"pages through the rows with an error by key, each once", func(st *stand) {
			var want []control.RowError
			for i := range 5 {
				want = append(want, control.RowError{Batch: "A", Run: 1, Thread: 1, Instance: 1, Key: fmt.Sprint("Z-", i), Code: "invalid", Text: "a", At: Noon()})
			}
			st.applied(store.Writes{Batch: &store.BatchWrites{BatchErrors: want}}, store.Writes{Batch: &store.BatchWrites{BatchErrors: want[2:3]}})
			page, err := st.s.BatchErrors(st.t.Context(), "A", 1, "Z-1", 2)
			st.ok(err, "reading errors")
			st.same("page", page, want[2:4])
		}},
	}
}
