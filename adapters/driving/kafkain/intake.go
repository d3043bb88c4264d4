package kafkain

import (
	"context"
	"errors"
	"log/slog"
	"strconv"
	"time"

	"github.com/IBM/sarama"

	"carillon/adapters/driving/api/intake"
	"carillon/core/access"
	"carillon/core/fault"
)

// Intake takes contacts or events in.
type Intake interface {
	// Take takes the lines in as one transaction, and tells what became of each, in their order. One that was taken in
	// before is answered from its key. fault.Unavailable, fault.Ambiguous: all of them are to be taken again.
	Take(ctx context.Context, p access.Principal, lines []intake.Line) ([]intake.Result, error)
}

// Answer is a record that tells what became of one of the intake topic.
type Answer struct {
	Dead    bool   // it goes to the dead-letter topic
	Key     string // the record's own, else its idempotency key
	ID      string // ce_id: the same whenever the record is answered
	At      time.Time
	Body    []byte
	Headers map[string]string // beside those of CloudEvents
}

// Answers hands answers over.
type Answers interface {
	// Answer returns when the brokers have all of them; after a fault all may be handed over again.
	Answer(ctx context.Context, answers []Answer) error
}

// IntakeConfig says who posts by Kafka, and how long a record may be.
type IntakeConfig struct {
	// Who finds the principal that the topic speaks for; fault.NotFound when there is none or its key is revoked.
	Who     func(ctx context.Context) (access.Principal, error)
	MaxLine int64 // bytes
	Keyless bool  // a record needs no idempotency key: what it says names it
}

// NewIntake makes a consumer of contacts. It connects when it runs.
func NewIntake(cfg Config, ic IntakeConfig, in Intake, out Answers, m *Metrics) (*Consumer, error) {
	c, err := consumer(cfg, m)
	if err != nil {
		return nil, err
	}
	if ic.Who == nil || ic.MaxLine <= 0 || in == nil || out == nil {
		return nil, errors.New("kafkain: an intake needs who posts, the longest line, where contacts go and where answers go")
	}
	c.take = (&contacts{cfg: c.cfg, ic: ic, in: in, out: out, metrics: m}).take
	return c, nil
}

// contacts takes the records of the intake topic.
type contacts struct {
	cfg     Config
	ic      IntakeConfig
	in      Intake
	out     Answers
	metrics *Metrics
}

// Why a record is dead.
const (
	deadNoKey     = "no_key"
	deadTooLong   = "too_long"
	deadNoJSON    = "no_json"
	deadPrincipal = "unknown_principal"
)

// take takes a batch in and answers it, each again and again until it is done or the session ends.
func (c *contacts) take(ctx context.Context, batch []*sarama.ConsumerMessage) error {
	var answers []Answer
	err := c.patiently(ctx, "taking in", func() (err error) {
		answers, err = c.decide(ctx, batch)
		return err
	})
	if err != nil {
		return err
	}
	err = c.patiently(ctx, "answering", func() error { return c.out.Answer(ctx, answers) })
	if err != nil {
		return err
	}
	for i, a := range answers {
		if !a.Dead {
			c.metrics.records.WithLabelValues(c.cfg.Topic, outcomeTaken).Inc()
			continue
		}
		c.metrics.records.WithLabelValues(c.cfg.Topic, outcomePoison).Inc()
		c.cfg.Log.Error("a record cannot be taken and was given to the dead-letter topic", slog.String("topic", c.cfg.Topic),
			slog.Int("partition", int(batch[i].Partition)), slog.Int64("offset", batch[i].Offset), slog.String("reason", a.Headers[headerReason]))
	}
	return nil
}

// patiently does a thing until it is done or ctx ends.
func (c *contacts) patiently(ctx context.Context, doing string, do func() error) error {
	for wait := firstPause; ; wait = min(2*wait, longestPause) {
		err := do()
		if err == nil || ctx.Err() != nil {
			return err
		}
		c.cfg.Log.Error("records wait: what failed is tried again", slog.String("doing", doing), slog.String("topic", c.cfg.Topic), slog.String("kind", fault.KindOf(err).String()), slog.Duration("after", wait))
		pause(ctx, wait)
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

// decide takes the contacts of a batch in and returns the answer of each record.
func (c *contacts) decide(ctx context.Context, batch []*sarama.ConsumerMessage) ([]Answer, error) {
	who, err := c.ic.Who(ctx)
	unknown := fault.Is(err, fault.NotFound)
	if err != nil && !unknown {
		return nil, err
	}
	answers, lines, at := make([]Answer, len(batch)), make([]intake.Line, 0, len(batch)), make([]int, 0, len(batch))
	for i, m := range batch {
		reason := c.poison(m)
		if unknown {
			reason = deadPrincipal
		}
		if reason != "" {
			answers[i] = c.dead(m, reason)
			continue
		}
		lines, at = append(lines, intake.Line{
			Key: keyOf(m), Body: m.Value, Record: &intake.Record{Partition: m.Partition, Offset: m.Offset},
		}), append(at, i)
	}
	if len(lines) == 0 {
		return answers, nil
	}
	results, err := c.in.Take(ctx, who, lines)
	if err != nil {
		return nil, err
	}
	for n, i := range at {
		switch r := results[n]; {
		case r.Poison():
			answers[i] = c.dead(batch[i], deadNoJSON)
		case len(r.Body) > maxDead: // only a refusal that names thousands of fields is; no broker takes it
			answers[i] = c.dead(batch[i], deadTooLong)
		default:
			answers[i] = c.answer(batch[i], r.Body)
		}
	}
	return answers, nil
}

// poison is why a record can be no contact, as far as that is seen without reading it.
func (c *contacts) poison(m *sarama.ConsumerMessage) string {
	switch {
	case keyOf(m) == "" && !c.ic.Keyless:
		return deadNoKey
	case int64(len(m.Value)) > c.ic.MaxLine:
		return deadTooLong
	case len(m.Value) == 0:
		return deadNoJSON
	}
	return ""
}

// The headers of a record that are read.
const (
	headerKey    = "carillon-key"
	headerID     = "ce_id"
	headerSource = "ce_source"
)

// The headers of a dead letter beside those of CloudEvents.
const (
	headerReason    = "carillon-reason"
	headerTopic     = "carillon-topic"
	headerPartition = "carillon-partition"
	headerOffset    = "carillon-offset"
	headerTruncated = "carillon-truncated"
)

// keyOf is the idempotency key of a record: the header carillon-key, else source and id of its CloudEvent, which name an
// event once for all; empty when there is neither.
func keyOf(m *sarama.ConsumerMessage) string {
	if key := headerOf(m, headerKey); key != "" {
		return key
	}
	id, source := headerOf(m, headerID), headerOf(m, headerSource)
	if id == "" || source == "" {
		return ""
	}
	return source + "#" + id
}

func headerOf(m *sarama.ConsumerMessage, name string) string {
	for _, h := range m.Headers {
		if h != nil && string(h.Key) == name {
			return string(h.Value)
		}
	}
	return ""
}

// answer is an answer to a record. Its id names the record, so that a repeated one can be told.
func (c *contacts) answer(m *sarama.ConsumerMessage, body []byte) Answer {
	key := string(m.Key)
	if key == "" {
		key = keyOf(m)
	}
	id := m.Topic + "/" + strconv.Itoa(int(m.Partition)) + "/" + strconv.FormatInt(m.Offset, 10)
	if key == "" {
		key = id
	}
	return Answer{Key: key, ID: id, At: m.Timestamp, Body: body}
}

// maxDead is how much of a dead record is kept: what a broker takes by default, less room for headers.
const maxDead = 900_000

func (c *contacts) dead(m *sarama.ConsumerMessage, reason string) Answer {
	a := c.answer(m, m.Value)
	a.Dead = true
	a.Headers = map[string]string{
		headerReason: reason, headerTopic: m.Topic, headerPartition: strconv.Itoa(int(m.Partition)), headerOffset: strconv.FormatInt(m.Offset, 10),
	}
	if len(a.Body) > maxDead {
		a.Body, a.Headers[headerTruncated] = a.Body[:maxDead], "true"
	}
	return a
}
