// Package later does things later: a bounded queue of timed work with a few workers, the bounds of a repeat, and a
// bounded memory.
package later

import (
	"container/heap"
	"context"
	"sync"
	"time"
)

// Queue runs work when its time has come. It holds no more than its capacity and runs no more at once than it has
// workers.
type Queue struct {
	capacity int
	cancel   context.CancelFunc
	done     sync.WaitGroup
	ready    chan func(context.Context)
	wake     chan struct{}

	mu      sync.Mutex
	closed  bool
	waiting timeline
	running int
	refused int64
	number  int64
}

// Start starts a queue; Close ends it.
func Start(capacity, workers int) *Queue {
	ctx, cancel := context.WithCancel(context.Background())
	q := &Queue{
		capacity: capacity, cancel: cancel,
		ready: make(chan func(context.Context)), wake: make(chan struct{}, 1),
	}
	q.done.Go(func() { q.watch(ctx) })
	for range workers {
		q.done.Go(func() { q.work(ctx) })
	}
	return q
}

// After runs the work once the wait is over. It reports false, and does nothing, when the queue is full or closed.
func (q *Queue) After(wait time.Duration, work func(context.Context)) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed || len(q.waiting) >= q.capacity {
		q.refused++
		return false
	}
	q.number++
	heap.Push(&q.waiting, task{due: time.Now().Add(wait), number: q.number, work: work})
	if q.waiting[0].number == q.number {
		select {
		case q.wake <- struct{}{}:
		default:
		}
	}
	return true
}

// Pending is how much waits or runs.
func (q *Queue) Pending() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.waiting) + q.running
}

// Refused is how much found the queue full or closed.
func (q *Queue) Refused() int64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.refused
}

// Close drops what waits, cancels what runs and returns when the last of it has ended.
func (q *Queue) Close() {
	q.mu.Lock()
	q.closed = true
	q.waiting = nil
	q.mu.Unlock()
	q.cancel()
	q.done.Wait()
}

// watch hands due work to the workers.
func (q *Queue) watch(ctx context.Context) {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		work, wait := q.next()
		if work != nil {
			select {
			case q.ready <- work:
				continue
			case <-ctx.Done():
				return
			}
		}
		timer.Reset(wait)
		select {
		case <-timer.C:
		case <-q.wake:
		case <-ctx.Done():
			return
		}
	}
}

// next takes the work that is due, or tells how long to wait for it.
func (q *Queue) next() (func(context.Context), time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.waiting) == 0 {
		return nil, time.Hour
	}
	if wait := time.Until(q.waiting[0].due); wait > 0 {
		return nil, wait
	}
	q.running++
	return heap.Pop(&q.waiting).(task).work, 0
}

func (q *Queue) work(ctx context.Context) {
	for {
		select {
		case work := <-q.ready:
			work(ctx)
			q.mu.Lock()
			q.running--
			q.mu.Unlock()
		case <-ctx.Done():
			return
		}
	}
}

// task is work with its time.
type task struct {
	due    time.Time
	number int64
	work   func(context.Context)
}

// timeline is a heap of tasks, the earliest first.
type timeline []task

// Len is how many tasks wait.
func (t timeline) Len() int { return len(t) }

// Less orders by time, then by arrival.
func (t timeline) Less(i, j int) bool {
	if t[i].due.Equal(t[j].due) {
		return t[i].number < t[j].number
	}
	return t[i].due.Before(t[j].due)
}

// Swap exchanges two tasks.
func (t timeline) Swap(i, j int) { t[i], t[j] = t[j], t[i] }

// Push adds a task.
func (t *timeline) Push(x any) { *t = append(*t, x.(task)) }

// Pop takes the last task.
func (t *timeline) Pop() any {
	old := *t
	last := old[len(old)-1]
	old[len(old)-1] = task{}
	*t = old[:len(old)-1]
	return last
}
