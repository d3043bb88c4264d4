// Package kafkaout hands frozen letters and manifests to the document management system, and sealed ledger entries to
// whoever follows the status topic, as Kafka records with CloudEvents 1.0 attributes in their headers.
//
// What it promises: a record is taken when all in-sync replicas have it. Records of one key stay in order, over
// failures too: what follows a record that was not taken is not handed over. A record keeps its id (the ce_id header)
// however often it is handed over; the receiver dedupes by it, because the producer's own idempotence ends with its
// session. Two handovers are never out at once, and the program starts while Kafka is down.
//
// What it cannot know: whether a record that is Ambiguous was taken, and whether one that is Unavailable was taken by
// a try before the last; both may be handed over again.
package kafkaout

import (
	"context"
	"encoding/json"
	"strconv"
	"time"

	"github.com/IBM/sarama"

	"carillon/adapters/kit/guard"
	"carillon/channels/letter"
	"carillon/core/extract"
	"carillon/core/fault"
	"carillon/core/message"
)

// The types of the records, in their ce_type header.
const (
	LetterType   = "carillon.letter.v1"
	ManifestType = "carillon.manifest.v1"
)

// The calls of the adapter.
const (
	opPrint   = "print"
	opClose   = "close"
	opPublish = "publish"
)

// Ops names the calls of a [Press], for the guard's configuration.
func Ops() []string { return []string{opPrint, opClose} }

var _ letter.Press = (*Press)(nil)

// Press hands letters and manifests over. It is safe for use by many goroutines.
type Press struct {
	cfg      Config
	producer *producer
	guard    *guard.Guard
}

// New makes a press; dial makes its producer when the first letter comes, and again after a failure that ends a
// producer. It fails when cfg is not valid.
func New(cfg Config, dial Dialer, g *guard.Guard) (*Press, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	return &Press{cfg: cfg.withDefaults(), producer: newProducer(dial), guard: g}, nil
}

// Print hands letters over in order. Kinds of a letter: Refused (too large), Misconfigured (credentials, no such
// topic), Throttled, Unavailable (not taken; also what follows, in the order of its key, a letter that was not),
// Ambiguous (may have been taken), Cancelled (given up; with the guard's code not_begun when it was not handed over).
func (p *Press) Print(ctx context.Context, letters []extract.Letter) []error {
	records := make([]*sarama.ProducerMessage, len(letters))
	for i, l := range letters {
		id := l.Message.String()
		records[i] = p.cfg.record(p.cfg.Letters, l.Key, l.Record, event{
			id: id, kind: LetterType, at: acceptedAt(l.Message), subject: l.Batch + "-" + strconv.FormatInt(l.Run, 10),
		})
	}
	return handOver(ctx, p.guard, opPrint, p.producer, p.cfg.MaxMessageBytes, records)
}

// Close hands over the manifest of a finished run. Its kinds are those of a letter.
func (p *Press) Close(ctx context.Context, m extract.Manifest) error {
	body, err := json.Marshal(m)
	if err != nil {
		return fault.Wrap(fault.Invalid, "close: the manifest cannot be written", err)
	}
	closed, _ := time.Parse(time.RFC3339Nano, m.ClosedAt) // left out when it is none
	run := m.Batch + "/" + strconv.FormatInt(m.Run, 10)
	record := p.cfg.record(p.cfg.Manifests, run, string(body), event{id: run, kind: ManifestType, at: closed})
	return handOver(ctx, p.guard, opClose, p.producer, p.cfg.MaxMessageBytes, []*sarama.ProducerMessage{record})[0]
}

// Stop ends the connection to Kafka; a handover that is out may end first, as long as ctx lasts.
func (p *Press) Stop(ctx context.Context) error { return p.producer.stop(ctx) }

// acceptedAt is the time in a message's id, to the millisecond.
func acceptedAt(id message.ID) time.Time {
	var ms int64
	for _, b := range id[:6] {
		ms = ms<<8 | int64(b)
	}
	return time.UnixMilli(ms).UTC()
}

// handOver makes one guarded call with all records and tells what became of each.
func handOver(
	ctx context.Context, g *guard.Guard, op string, p *producer, limit int, records []*sarama.ProducerMessage,
) []error {
	if len(records) == 0 {
		return nil
	}
	errs, err := guard.Do(ctx, g, op, func(ctx context.Context) ([]error, error) {
		errs := p.send(ctx, records, limit)
		return errs, worst(errs)
	})
	if len(errs) != len(records) { // not begun, or a panic
		errs = all(len(records), err)
	}
	return errs
}

// worst is the fault the breaker is told of: the first that it counts, else the first.
func worst(errs []error) error {
	var first error
	for _, err := range errs {
		switch {
		case err != nil && fault.Trips(fault.KindOf(err)):
			return err
		case first == nil:
			first = err
		}
	}
	return first
}

func all(n int, err error) []error {
	errs := make([]error, n)
	for i := range errs {
		errs[i] = err
	}
	return errs
}
