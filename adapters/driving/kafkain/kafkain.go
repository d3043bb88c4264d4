// Package kafkain takes what comes in by Kafka: the answers of the document management system on its status topic, and
// customer contacts on the intake topic.
//
// Records are read by a consumer group, so that gateways share the partitions. What was fetched of a partition is taken
// as one batch, and its offsets are committed only after it is durable and answered: a crash before reads the batch
// again. The inbox passes over a report it has; a contact is answered from its key, and its result is sent again under
// the same id. A record that is not understood never holds up what comes behind it; a store or a broker that is lost
// does, and nothing is passed over meanwhile.
package kafkain

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/IBM/sarama"

	"carillon/core/fault"
)

// Config says what is read.
type Config struct {
	Brokers []string
	Group   string         // the consumer group
	Topic   string         // what is read
	Client  *sarama.Config // how the brokers are reached; what a consumer needs is set here
	Clock   func() time.Time
	Log     *slog.Logger
}

// Validate reports everything that is missing, joined.
func (c Config) Validate() error {
	var wrong []error
	for what, there := range map[string]bool{
		"brokers": len(c.Brokers) > 0, "a group": c.Group != "", "a topic": c.Topic != "", "a client": c.Client != nil,
		"a clock": c.Clock != nil, "a log": c.Log != nil,
	} {
		if !there {
			wrong = append(wrong, errors.New("kafkain: "+what+" is needed"))
		}
	}
	return errors.Join(wrong...)
}

// Consumer reads one topic. Make one with [New] or [NewIntake].
type Consumer struct {
	cfg     Config
	metrics *Metrics
	// take returns nil when every record of the batch is durable and answered. It tries again until ctx ends.
	take func(ctx context.Context, batch []*sarama.ConsumerMessage) error
}

// New makes a consumer of reports. It connects when it runs.
func New(cfg Config, inbox Inbox, m *Metrics) (*Consumer, error) {
	c, err := consumer(cfg, m)
	if err != nil {
		return nil, err
	}
	c.take = reports{c.cfg, inbox, m}.take
	return c, nil
}

func consumer(cfg Config, m *Metrics) (*Consumer, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	client := *cfg.Client
	client.Consumer.Offsets.Initial = sarama.OffsetOldest
	client.Consumer.Offsets.AutoCommit.Enable = false
	// A gateway that was killed must not keep its partitions long, nor the others waiting for it to join again.
	client.Consumer.Group.Session.Timeout = memberTimeout
	client.Consumer.Group.Heartbeat.Interval = memberTimeout / 5
	client.Consumer.Group.Rebalance.Timeout = memberTimeout
	client.Net.ReadTimeout = 4 * memberTimeout // a broker answers a join only when the group is whole again
	client.Consumer.Return.Errors = false
	cfg.Client = &client
	return &Consumer{cfg: cfg, metrics: m}, nil
}

// memberTimeout is how long the group waits for a gateway that no longer answers. Brokers take no less than 6 s.
const memberTimeout = 8 * time.Second

// Pauses between tries to reach the brokers or the inbox.
const (
	firstPause   = 250 * time.Millisecond
	longestPause = 15 * time.Second
)

// Run reads until ctx ends; what fails is tried again after a growing pause.
func (c *Consumer) Run(ctx context.Context) {
	wait := firstPause
	for ctx.Err() == nil {
		began := c.cfg.Clock()
		err := c.session(ctx)
		if ctx.Err() != nil {
			return
		}
		if err == nil || c.cfg.Clock().Sub(began) > longestPause {
			wait = firstPause
		}
		c.cfg.Log.Warn("reading from Kafka ended and begins again", slog.String("topic", c.cfg.Topic),
			slog.String("kind", fault.KindOf(err).String()), slog.Duration("after", wait))
		pause(ctx, wait)
		wait = min(2*wait, longestPause)
	}
}

func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

// leaveWithin is how long a session may take to commit and to leave its group when the program stops.
const leaveWithin = 3 * time.Second

// session joins the group and reads until the group is rebalanced away or fails. When ctx ends it returns soon whatever
// happens: a join waits until the group is whole, which may be a dead member's timeout away, and cannot be called back.
func (c *Consumer) session(ctx context.Context) error {
	ended := make(chan error, 1)
	go func() { ended <- c.consume(ctx) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	late := time.NewTimer(leaveWithin)
	defer late.Stop()
	select {
	case err := <-ended:
		return err
	case <-late.C:
		return fault.New(fault.Cancelled, "a join of the group was left behind")
	}
}

// consume is a session from joining to leaving.
func (c *Consumer) consume(ctx context.Context) error {
	group, err := sarama.NewConsumerGroup(c.cfg.Brokers, c.cfg.Group, c.cfg.Client)
	if err != nil {
		return fault.Wrap(fault.Unavailable, "joining the consumer group", err)
	}
	defer group.Close() //nolint:errcheck // what was read is in the inbox or will be read again
	for ctx.Err() == nil {
		h := &handler{c: c}
		if err := group.Consume(ctx, []string{c.cfg.Topic}, h); err != nil {
			return fault.Wrap(fault.Unavailable, "consuming", err)
		}
		if err := h.caught(); err != nil {
			return err
		}
	}
	return nil
}

// handler reads the partitions of one session, each in a goroutine of its own.
type handler struct {
	c *Consumer

	mu     sync.Mutex
	broken error // why the session is to end: a partition panicked
}

// caught is why the session ended, when it was a panic.
func (h *handler) caught() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.broken
}

// survive keeps a panic of the inbox from ending the process; nobody else would catch it here. Its value can hold a
// person's data and is not told.
func (h *handler) survive() {
	v := recover()
	if v == nil {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.broken = fault.Provider(fault.Unknown, "panic", fmt.Sprintf("consuming: panic of type %T", v), nil)
}

// Setup implements sarama.ConsumerGroupHandler.
func (*handler) Setup(sarama.ConsumerGroupSession) error { return nil }

// Cleanup implements sarama.ConsumerGroupHandler.
func (*handler) Cleanup(sarama.ConsumerGroupSession) error { return nil }

// maxBatch is how many records one write takes.
const maxBatch = 500

// beat is how often an idle partition shows that it is read.
const beat = 5 * time.Second

// ConsumeClaim implements sarama.ConsumerGroupHandler: it takes what has gathered, hands it to the inbox, and commits.
func (h *handler) ConsumeClaim(session sarama.ConsumerGroupSession, claim sarama.ConsumerGroupClaim) error {
	defer h.survive()
	shown := h.c.metrics
	shown.alive(claim.Topic(), h.c.cfg.Clock())
	defer shown.forget(claim.Topic(), claim.Partition())
	tick := time.NewTicker(beat)
	defer tick.Stop()
	for next := int64(-1); ; {
		select {
		case <-session.Context().Done():
			return nil
		case <-tick.C:
		case first, open := <-claim.Messages():
			if !open {
				return nil
			}
			batch := gather(first, claim.Messages())
			if err := h.c.take(session.Context(), batch); err != nil {
				return nil // the session ended: the batch is read again
			}
			last := batch[len(batch)-1]
			session.MarkMessage(last, "")
			session.Commit()
			next = last.Offset + 1
		}
		shown.alive(claim.Topic(), h.c.cfg.Clock())
		if next >= 0 {
			shown.behind(claim.Topic(), claim.Partition(), claim.HighWaterMarkOffset()-next)
		}
	}
}

// gather takes what is there already, and does not wait for more.
func gather(first *sarama.ConsumerMessage, more <-chan *sarama.ConsumerMessage) []*sarama.ConsumerMessage {
	batch := []*sarama.ConsumerMessage{first}
	for len(batch) < maxBatch {
		select {
		case m, open := <-more:
			if !open {
				return batch
			}
			batch = append(batch, m)
		default:
			return batch
		}
	}
	return batch
}
