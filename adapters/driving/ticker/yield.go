package ticker

import (
	"context"
	"sync"
	"time"

	"carillon/core/message"
)

// yieldFor bounds how long a lane lets emergencies go first: an endless stream of them may slow the others, never stop
// them.
const yieldFor = 20 * time.Millisecond

// precedence lets the exchanges of emergency lanes go before those of all others on this gateway: they share its
// processors and the store, and a bulk lane's exchange takes long. A lane's own order is the store's affair.
type precedence struct {
	mu      sync.Mutex
	hurried map[message.Lane]struct{}
	over    chan struct{} // closed when nobody hurries any more; nil when nobody does
}

// hurry says that a lane has something due; others than emergencies are passed over.
func (p *precedence) hurry(id message.Lane) {
	if id.Urgency() != message.Emergency {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.hurried == nil {
		p.hurried = make(map[message.Lane]struct{})
	}
	if len(p.hurried) == 0 {
		p.over = make(chan struct{})
	}
	p.hurried[id] = struct{}{}
}

// done says that the lane has made its exchange.
func (p *precedence) done(id message.Lane) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, was := p.hurried[id]; !was {
		return
	}
	delete(p.hurried, id)
	if len(p.hurried) == 0 {
		close(p.over)
		p.over = nil
	}
}

// yield waits while emergencies are about, yieldFor at most; an emergency lane waits for nobody.
func (p *precedence) yield(ctx context.Context, id message.Lane) {
	if id.Urgency() == message.Emergency {
		return
	}
	p.mu.Lock()
	over := p.over
	p.mu.Unlock()
	if over == nil {
		return
	}
	timer := time.NewTimer(yieldFor)
	defer timer.Stop()
	select {
	case <-over:
	case <-timer.C:
	case <-ctx.Done():
	}
}
