// Package group merges what concurrent callers want committed into few commits, and answers each after its commit.
//
// What is handed in while nothing is under way is committed at once: waiting for more costs more than it saves. What comes
// meanwhile gathers and goes with the next commit, so that under load the batches grow by themselves. A second commit
// begins beside the first only when so much has gathered that it pays: a commit has its own price, whatever is in it.
package group

import (
	"context"
	"sync"
	"time"

	"carillon/core/fault"
)

// Config bounds a committer.
type Config struct {
	Flushers int           // commits under way at once; default 2
	Beside   int           // things that must wait for a commit to begin beside another; default 128
	Max      int           // things per commit; default 500
	Queue    int           // things that may wait; default 4096. More are refused as Unavailable
	Timeout  time.Duration // of one commit; default 15 s
}

func (c Config) withDefaults() Config {
	if c.Flushers <= 0 {
		c.Flushers = 2
	}
	if c.Max <= 0 {
		c.Max = 500
	}
	if c.Beside <= 0 {
		c.Beside = min(128, c.Max)
	}
	if c.Queue <= 0 {
		c.Queue = 4096
	}
	if c.Timeout <= 0 {
		c.Timeout = 15 * time.Second
	}
	return c
}

// Commit writes a batch and answers in its order. Its error is of the whole batch.
type Commit[T, V any] func(ctx context.Context, batch []T) ([]V, error)

type answer[V any] struct {
	value V
	err   error
}

type waiting[T, V any] struct {
	thing  T
	answer chan answer[V]
}

// Committer merges commits. Make one with [New]; it is safe for concurrent use.
type Committer[T, V any] struct {
	cfg    Config
	commit Commit[T, V]

	mu      sync.Mutex
	queue   []*waiting[T, V]
	under   int // commits under way
	stopped bool
	commits sync.WaitGroup
}

// New returns a committer. It has no goroutine of its own while nothing is to be committed.
func New[T, V any](cfg Config, commit Commit[T, V]) *Committer[T, V] {
	return &Committer[T, V]{cfg: cfg.withDefaults(), commit: commit}
}

// Do hands one thing in and returns when it is committed. Unavailable when the queue is full or the committer has
// stopped. A caller that leaves early (its context ends) cannot know whether the commit happened: Ambiguous.
func (c *Committer[T, V]) Do(ctx context.Context, thing T) (V, error) {
	var none V
	w := &waiting[T, V]{thing: thing, answer: make(chan answer[V], 1)}
	if err := c.put(w); err != nil {
		return none, err
	}
	select {
	case a := <-w.answer:
		return a.value, a.err
	case <-ctx.Done():
		return none, fault.Wrap(fault.Ambiguous, "left before the commit", ctx.Err())
	}
}

// put takes a thing into the queue and begins a commit when one is due.
func (c *Committer[T, V]) put(w *waiting[T, V]) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.stopped:
		return fault.New(fault.Unavailable, "stopping")
	case len(c.queue) >= c.cfg.Queue:
		return &fault.Error{Kind: fault.Unavailable, Text: "too much waits to be stored", Wait: time.Second}
	}
	c.queue = append(c.queue, w)
	if batch := c.take(); batch != nil {
		c.commits.Go(func() { c.flush(batch) })
	}
	return nil
}

// take takes the next batch when a commit may begin. It is called under the lock, and whoever gets a batch commits it.
func (c *Committer[T, V]) take() []*waiting[T, V] {
	gathered := len(c.queue)
	if gathered == 0 || c.under >= c.cfg.Flushers || c.under > 0 && gathered < c.cfg.Beside {
		return nil
	}
	n := min(gathered, c.cfg.Max)
	batch := c.queue[:n:n]
	c.queue = append([]*waiting[T, V](nil), c.queue[n:]...)
	c.under++
	return batch
}

// flush commits a batch, and what gathers meanwhile.
func (c *Committer[T, V]) flush(batch []*waiting[T, V]) {
	for batch != nil {
		c.run(batch)
		c.mu.Lock()
		c.under--
		batch = c.take()
		c.mu.Unlock()
	}
}

// Waiting is how many things wait for the next commit.
func (c *Committer[T, V]) Waiting() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.queue)
}

// Close commits what waits and lets nothing more in.
func (c *Committer[T, V]) Close() {
	c.mu.Lock()
	c.stopped = true
	c.mu.Unlock()
	c.commits.Wait()
}

func (c *Committer[T, V]) run(batch []*waiting[T, V]) {
	ctx, cancel := context.WithTimeout(context.Background(), c.cfg.Timeout)
	defer cancel()
	things := make([]T, len(batch))
	for i, w := range batch {
		things[i] = w.thing
	}
	values, err := c.safely(ctx, things)
	for i, w := range batch {
		a := answer[V]{err: err}
		if err == nil {
			a.value = values[i]
		}
		w.answer <- a
	}
}

// safely turns a panic, or an answer of the wrong length, into a fault: callers must always be answered.
func (c *Committer[T, V]) safely(ctx context.Context, things []T) (values []V, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fault.New(fault.Unknown, "the commit panicked")
		}
	}()
	values, err = c.commit(ctx, things)
	if err == nil && len(values) != len(things) {
		err = fault.New(fault.Unknown, "the commit answered for another number of things")
	}
	return values, err
}
