// Package group merges what concurrent callers want committed into few commits, and answers each after its commit.
//
// A committer takes the first thing that waits, and with it everything else that has gathered meanwhile, up to a
// bound; it does not linger for more, because waiting costs more than it saves. Under load the batches grow by
// themselves while the commit before them is under way.
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
	cfg     Config
	commit  Commit[T, V]
	queue   chan *waiting[T, V]
	stopped chan struct{}
	once    sync.Once
	flushed sync.WaitGroup
}

// New starts the committer's flushers; Close ends them.
func New[T, V any](cfg Config, commit Commit[T, V]) *Committer[T, V] {
	cfg = cfg.withDefaults()
	c := &Committer[T, V]{
		cfg: cfg, commit: commit, queue: make(chan *waiting[T, V], cfg.Queue), stopped: make(chan struct{}),
	}
	for range cfg.Flushers {
		c.flushed.Go(c.flush)
	}
	return c
}

// Do hands one thing in and returns when it is committed. Unavailable when the queue is full or the committer has
// stopped. A caller that leaves early (its context ends) cannot know whether the commit happened: Ambiguous.
func (c *Committer[T, V]) Do(ctx context.Context, thing T) (V, error) {
	var none V
	w := &waiting[T, V]{thing: thing, answer: make(chan answer[V], 1)}
	select {
	case <-c.stopped:
		return none, fault.New(fault.Unavailable, "stopping")
	default:
	}
	select {
	case c.queue <- w:
	default:
		return none, &fault.Error{Kind: fault.Unavailable, Text: "too much waits to be stored", Wait: time.Second}
	}
	select {
	case a := <-w.answer:
		return a.value, a.err
	case <-ctx.Done():
		return none, fault.Wrap(fault.Ambiguous, "left before the commit", ctx.Err())
	}
}

// Waiting is how many things wait for the next commit.
func (c *Committer[T, V]) Waiting() int { return len(c.queue) }

// Close commits what waits and ends the flushers.
func (c *Committer[T, V]) Close() {
	c.once.Do(func() { close(c.stopped) })
	c.flushed.Wait()
}

func (c *Committer[T, V]) flush() {
	for {
		select {
		case w := <-c.queue:
			c.run(c.gather(w))
		case <-c.stopped:
			if !c.drain() {
				return
			}
		}
	}
}

// drain commits what was handed in before the stop and reports whether there was anything.
func (c *Committer[T, V]) drain() bool {
	select {
	case w := <-c.queue:
		c.run(c.gather(w))
		return true
	default:
		return false
	}
}

func (c *Committer[T, V]) gather(first *waiting[T, V]) []*waiting[T, V] {
	batch := []*waiting[T, V]{first}
	for len(batch) < c.cfg.Max {
		select {
		case w := <-c.queue:
			batch = append(batch, w)
		default:
			return batch
		}
	}
	return batch
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
