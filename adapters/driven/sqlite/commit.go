package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"sync"

	"carillon/core/fault"
)

// Bounds of group commit.
const (
	maxGroup   = 2000   // write sets in one transaction, unless one call alone brings more
	maxWaiting = 10_000 // calls that wait at once; more are told to come later
)

// call is one caller's part of a transaction.
type call struct {
	size  int
	do    func(context.Context, *tx) error
	err   error
	woken chan struct{} // closed when the call is answered or is to lead

	// guarded by the committer's mutex
	answered, leads bool
}

// committer is the one door to the writing connection. Callers queue; the first of them leads: it commits what has
// gathered in one transaction, answers, and hands on to the first that came meanwhile. Nothing lingers.
type committer struct {
	conn *sql.Conn
	tx   *tx

	mu     sync.Mutex
	queue  []*call
	busy   bool
	closed bool
	idle   *sync.Cond
}

func newCommitter(conn *sql.Conn) *committer {
	c := &committer{conn: conn, tx: &tx{conn: conn, prepared: make(map[string]*sql.Stmt)}}
	c.idle = sync.NewCond(&c.mu)
	return c
}

// run has do run in a transaction, perhaps together with others, and returns when it is committed. A context that
// ends before the transaction has begun withdraws the call; afterwards the answer is awaited.
func (c *committer) run(ctx context.Context, size int, do func(context.Context, *tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	own := &call{size: size, do: do, woken: make(chan struct{})}
	leads, err := c.enter(own)
	if err != nil {
		return err
	}
	if !leads {
		select {
		case <-own.woken:
		case <-ctx.Done():
			if c.withdraw(own) {
				return ctx.Err()
			}
			<-own.woken
		}
		if c.isAnswered(own) {
			return own.err
		}
	}
	c.lead(context.WithoutCancel(ctx))
	return own.err
}

// enter queues the call; the first leads.
func (c *committer) enter(own *call) (leads bool, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.closed:
		return false, fault.New(fault.Unavailable, "the store is closed")
	case len(c.queue) >= maxWaiting:
		return false, fault.New(fault.Unavailable, "too many calls wait for the store")
	}
	c.queue = append(c.queue, own)
	leads = !c.busy
	c.busy = true
	own.leads = leads
	return leads, nil
}

// withdraw takes a call back that nobody has begun.
func (c *committer) withdraw(own *call) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if own.leads {
		return false
	}
	for i, waiting := range c.queue {
		if waiting == own {
			c.queue = append(c.queue[:i], c.queue[i+1:]...)
			return true
		}
	}
	return false
}

func (c *committer) isAnswered(own *call) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return own.answered
}

// lead commits the first calls of the queue, the leader's own at their head, and hands on.
func (c *committer) lead(ctx context.Context) {
	group := c.take()
	for _, one := range group {
		one.err = fault.New(fault.Unknown, "the store broke off") // stands only if what follows panics
	}
	defer c.handOn(group)
	err := c.commit(ctx, group)
	if err == nil || len(group) == 1 {
		answer(group, err)
		return
	}
	for _, one := range group { // one of them spoiled it for all: each alone
		answer([]*call{one}, c.commit(ctx, []*call{one}))
	}
}

func answer(group []*call, err error) {
	for _, one := range group {
		one.err = err
	}
}

func (c *committer) take() []*call {
	c.mu.Lock()
	defer c.mu.Unlock()
	n, sets := 0, 0
	for n < len(c.queue) && (n == 0 || sets+c.queue[n].size <= maxGroup) {
		sets += c.queue[n].size
		n++
	}
	group := append([]*call(nil), c.queue[:n]...)
	c.queue = append(c.queue[:0], c.queue[n:]...)
	return group
}

// handOn wakes whom the group answered and lets the next one lead.
func (c *committer) handOn(group []*call) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, one := range group {
		one.answered = true
		if !one.leads {
			close(one.woken)
		}
	}
	if len(c.queue) > 0 {
		next := c.queue[0]
		next.leads = true
		close(next.woken)
		return
	}
	c.busy = false
	c.idle.Broadcast()
}

// commit runs the calls in one transaction.
func (c *committer) commit(ctx context.Context, group []*call) error {
	if err := c.tx.begin(ctx); err != nil {
		return classify("beginning", err)
	}
	committed := false
	defer func() {
		if !committed { // also when a call panics
			c.tx.rollback(ctx)
		}
	}()
	for _, one := range group {
		if err := one.do(ctx, c.tx); err != nil {
			return err
		}
	}
	if err := c.tx.finish(ctx); err != nil {
		return err
	}
	_, err := c.tx.exec(ctx, "commit")
	committed = err == nil
	return ofCommit(err)
}

// close waits until nobody leads and closes the connection.
func (c *committer) close() error {
	c.mu.Lock()
	c.closed = true
	for c.busy {
		c.idle.Wait()
	}
	c.mu.Unlock()
	errs := []error{}
	for _, stmt := range c.tx.prepared {
		errs = append(errs, stmt.Close())
	}
	return errors.Join(append(errs, c.conn.Close())...)
}
