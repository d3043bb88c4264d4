package kafkaout

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/IBM/sarama"

	"carillon/core/fault"
)

// API is what the adapter needs of a producer; [sarama.SyncProducer] is one.
type API interface {
	SendMessages(records []*sarama.ProducerMessage) error
	Close() error
}

var _ API = sarama.SyncProducer(nil)

// Dialer makes a connected producer.
type Dialer func() (API, error)

// stuckAfter is how long a handover whose caller has left may stay out before its producer is given up. It is far
// above the sum of the producer's own deadlines.
const stuckAfter = 3 * time.Minute

// producer puts a deadline around a synchronous producer, which has none, connects it when it is needed, and makes a
// new one after a failure that ends its session. One handover at a time is out: one that its caller has left goes on,
// and the next waits for it, so that no later record overtakes an earlier one.
type producer struct {
	dial Dialer

	mu   sync.Mutex
	link *link
}

// link is one connection; whoever holds turn may use it.
type link struct {
	turn chan struct{}
	api  API       // nil until it is connected
	left time.Time // since when the caller of the handover that is out is gone; under the producer's mu
}

func newLink() *link { return &link{turn: make(chan struct{}, 1)} }

func newProducer(dial Dialer) *producer { return &producer{dial: dial, link: newLink()} }

// send hands records over and tells what became of each, soon after ctx has ended at the latest.
func (p *producer) send(ctx context.Context, records []*sarama.ProducerMessage, limit int) []error {
	l := p.current(time.Now())
	select {
	case l.turn <- struct{}{}:
	case <-ctx.Done():
		return all(len(records), waited(ctx.Err(), "an earlier handover is still out"))
	}
	h := newHandover(records, limit)
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer p.arrive(l)
		defer h.survive()
		p.hand(l, h)
	}()
	select {
	case <-done:
	case <-ctx.Done():
		p.leave(l)
		h.abandon(ctx.Err())
	}
	return h.answers()
}

// current is the link to use: a new one when the old one is stuck.
func (p *producer) current(now time.Time) *link {
	p.mu.Lock()
	defer p.mu.Unlock()
	if left := p.link.left; !left.IsZero() && now.Sub(left) > stuckAfter {
		p.link = newLink()
	}
	return p.link
}

func (p *producer) leave(l *link) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(l.turn) > 0 && l.left.IsZero() {
		l.left = time.Now()
	}
}

// arrive ends the handover that is out and gives its turn back. The link of one that was given up as stuck is closed.
func (p *producer) arrive(l *link) {
	p.mu.Lock()
	defer p.mu.Unlock()
	l.left = time.Time{}
	if p.link != l {
		l.drop()
	}
	<-l.turn
}

// hand sends wave by wave; it runs on after its caller has left, up to the end of the wave.
func (p *producer) hand(l *link, h *handover) {
	for _, wave := range waves(h.records) {
		at := h.begin(wave)
		if len(at) == 0 {
			continue
		}
		if l.api == nil {
			api, err := p.dial()
			if err != nil {
				h.end(at, func(int) error { return unconnected(err) })
				continue
			}
			l.api = api
		}
		if !h.commit(at) {
			return
		}
		failed, ended := outcome(l.api.SendMessages(pick(h.records, at)))
		h.end(at, failed)
		if ended {
			l.drop()
		}
	}
}

// drop closes the producer; the next handover makes a new one. Nothing is out, so closing is only tidying up.
func (l *link) drop() {
	if api := l.api; api != nil {
		l.api = nil
		go api.Close() //nolint:errcheck // it must not hold anyone up, and nothing is lost with it
	}
}

func (p *producer) stop(ctx context.Context) error {
	l := p.current(time.Now())
	select {
	case l.turn <- struct{}{}:
		defer func() { <-l.turn }()
	case <-ctx.Done():
		return waited(ctx.Err(), "a handover is still out")
	}
	if l.api == nil {
		return nil
	}
	api := l.api
	l.api = nil
	if err := api.Close(); err != nil {
		return fault.Wrap(fault.Unavailable, "closing the producer", err)
	}
	return nil
}

// pick are the records at the places, each remembering its own.
func pick(records []*sarama.ProducerMessage, at []int) []*sarama.ProducerMessage {
	picked := make([]*sarama.ProducerMessage, len(at))
	for n, i := range at {
		records[i].Metadata = i
		picked[n] = records[i]
	}
	return picked
}

// outcome tells what became of the record at each place, and whether the producer's session has ended.
func outcome(err error) (failed func(int) error, ended bool) {
	var each sarama.ProducerErrors
	switch {
	case err == nil:
		return func(int) error { return nil }, false
	case !errors.As(err, &each):
		return func(int) error { return classify(err) }, endsSession(err)
	}
	errs := map[int]error{}
	for _, e := range each {
		if place, ok := e.Msg.Metadata.(int); ok {
			errs[place] = classify(e.Err)
		}
		ended = ended || endsSession(e.Err)
	}
	return func(place int) error { return errs[place] }, ended
}
