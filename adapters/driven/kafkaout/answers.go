package kafkaout

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/IBM/sarama"

	"carillon/adapters/kit/guard"
)

// The types of the answers to records of the intake topic, in their ce_type header.
const (
	IntakeResultType = "carillon.intake.result.v1"
	IntakeDeadType   = "carillon.intake.dead.v1"
)

// The types of the answers to records of the events topic.
const (
	EventsResultType = "carillon.events.result.v1"
	EventsDeadType   = "carillon.events.dead.v1"
)

const opAnswer = "answer"

// AnswerOps names the calls of [Answers], for the guard's configuration.
func AnswerOps() []string { return []string{opAnswer} }

// Answer is what became of a record of the intake topic.
type Answer struct {
	Dead    bool   // it was no contact: it goes to the dead-letter topic, as it came
	Key     string // of the record
	ID      string // ce_id
	At      time.Time
	Body    []byte
	Headers map[string]string // beside those of CloudEvents
}

// Answers hands answers to records of the intake topic, or of the events topic, over. It is safe for use by many goroutines.
type Answers struct {
	cfg          Config
	result, dead string
	kinds        [2]string // ce_type of a result and of a dead letter
	producer     *producer
	guard        *guard.Guard
}

// NewAnswers makes one over the topics of results and of dead letters; dial makes its producer when the first answer
// comes. It fails when cfg is not valid.
func NewAnswers(cfg Config, result, dead string, dial Dialer, g *guard.Guard) (*Answers, error) {
	cfg.Status = result // checked like any topic
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg.Status = dead
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	return &Answers{cfg: cfg.withDefaults(), result: result, dead: dead, kinds: [2]string{IntakeResultType, IntakeDeadType}, producer: newProducer(dial), guard: g}, nil
}

// NewEventAnswers makes one that answers records of the events topic.
func NewEventAnswers(cfg Config, result, dead string, dial Dialer, g *guard.Guard) (*Answers, error) {
	a, err := NewAnswers(cfg, result, dead, dial, g)
	if err != nil {
		return nil, err
	}
	a.kinds = [2]string{EventsResultType, EventsDeadType}
	return a, nil
}

// Answer hands answers over in their order and returns nil when all were taken; after a fault all of them may be handed
// over again. A reader tells a repeated one by its ce_id. Kinds: those of [Press.Print].
func (a *Answers) Answer(ctx context.Context, answers []Answer) error {
	records := make([]*sarama.ProducerMessage, len(answers))
	for i, one := range answers {
		records[i] = a.record(one)
	}
	for _, err := range handOver(ctx, a.guard, opAnswer, a.producer, a.cfg.MaxMessageBytes, records) {
		if err != nil {
			return err
		}
	}
	return nil
}

// Stop ends the connection to Kafka; a handover that is out may end first, as long as ctx lasts.
func (a *Answers) Stop(ctx context.Context) error { return a.producer.stop(ctx) }

func (a *Answers) record(one Answer) *sarama.ProducerMessage {
	topic, kind := a.result, a.kinds[0]
	if one.Dead {
		topic, kind = a.dead, a.kinds[1]
	}
	r := a.cfg.record(topic, one.Key, string(one.Body), event{id: one.ID, kind: kind, at: one.At})
	for _, name := range slices.Sorted(maps.Keys(one.Headers)) {
		r.Headers = append(r.Headers, header(name, one.Headers[name]))
	}
	return r
}
