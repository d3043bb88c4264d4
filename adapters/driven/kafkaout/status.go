package kafkaout

import (
	"context"
	"encoding/json"
	"strconv"
	"time"

	"github.com/IBM/sarama"

	"carillon/adapters/kit/guard"
	"carillon/core/ledger"
)

// StatusOps names the calls of a [Status], for the guard's configuration.
func StatusOps() []string { return []string{opPublish} }

// Status publishes sealed ledger entries to the status topic. It is safe for use by many goroutines.
type Status struct {
	cfg      Config
	producer *producer
	guard    *guard.Guard
}

// NewStatus makes a publisher; dial makes its producer when the first entry comes. It fails when cfg is not valid.
func NewStatus(cfg Config, dial Dialer, g *guard.Guard) (*Status, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	return &Status{cfg: cfg.withDefaults(), producer: newProducer(dial), guard: g}, nil
}

// Publish writes entries in their order and returns nil when all were taken; after a fault all of them may be
// published again. Entries of one contact (of one message, where there is no contact) stay in order; a reader tells a
// repeated one by its leaf number, which is the ce_id. Kinds: those of [Press.Print].
func (s *Status) Publish(ctx context.Context, leaves []ledger.Leaf) error {
	records := make([]*sarama.ProducerMessage, len(leaves))
	for i, leaf := range leaves {
		records[i] = s.record(leaf)
	}
	for _, err := range handOver(ctx, s.guard, opPublish, s.producer, s.cfg.MaxMessageBytes, records) {
		if err != nil {
			return err
		}
	}
	return nil
}

// Stop ends the connection to Kafka; a handover that is out may end first, as long as ctx lasts.
func (s *Status) Stop(ctx context.Context) error { return s.producer.stop(ctx) }

// StatusType is the ce_type of the entries of a kind, as carillon.message.moved.v1.
func StatusType(kind ledger.Kind) string { return "carillon." + string(kind) + ".v1" }

func (s *Status) record(leaf ledger.Leaf) *sarama.ProducerMessage {
	var entry struct {
		At      time.Time   `json:"at"`
		Kind    ledger.Kind `json:"kind"`
		Contact string      `json:"contact"`
		Message string      `json:"message"`
		Person  string      `json:"person"`
	}
	_ = json.Unmarshal([]byte(leaf.Body), &entry) // what cannot be read leaves its header out
	key := string(entry.Kind)
	for _, id := range []string{entry.Person, entry.Message, entry.Contact} {
		if id != "" {
			key = id
		}
	}
	return s.cfg.record(s.cfg.Status, key, leaf.Body, event{
		id: strconv.FormatInt(leaf.Number, 10), kind: StatusType(entry.Kind), at: entry.At, subject: entry.Message,
	})
}
