package gateway

import (
	"context"

	"carillon/adapters/driven/kafkaout"
	"carillon/adapters/driving/api/contract"
	"carillon/adapters/driving/api/intake"
	"carillon/adapters/driving/kafkain"
	"carillon/adapters/driving/rest"
	"carillon/adapters/kit/guard"
	"carillon/cmd/internal/clock"
	"carillon/core/access"
	"carillon/core/fault"
	"carillon/core/store"
)

// kafkaIn wires what comes in by Kafka: the answers of the document management system, contacts,
// and system events.
func (a *Gateway) kafkaIn(dial kafkaout.Dialer) error {
	k := a.settings.Kafka
	var topics []string
	for _, topic := range []string{k.LetterStatus, k.Intake, k.Events} {
		if topic != "" {
			topics = append(topics, topic)
		}
	}
	metrics, err := kafkain.NewMetrics(a.registry, topics...)
	if err != nil {
		return err
	}
	a.consumers = metrics
	if err := a.lettersIn(metrics); err != nil {
		return err
	}
	if err := a.recordsIn(dial, metrics, topicIn{
		name: "intake", topic: k.Intake, result: k.IntakeResult, dead: k.IntakeDead, who: k.IntakePrincipal,
		max:  a.intake.MaxLine(),
		take: a.intake.Take, count: a.lines, answers: kafkaout.NewAnswers,
	}); err != nil {
		return err
	}
	return a.recordsIn(dial, metrics, topicIn{
		name: "events", topic: k.Events, result: k.EventsResult, dead: k.EventsDead, who: k.EventsPrincipal,
		max:  a.events.lines.MaxLine(),
		take: a.events.lines.Take, count: a.events.count, answers: kafkaout.NewEventAnswers, keyless: true,
	})
}

// topicIn is a topic whose records are taken in and answered.
type topicIn struct {
	name                string // of its consumer group and guard
	topic, result, dead string
	who                 string // the principal it speaks for
	max                 int64
	keyless             bool
	count               func(path, outcome string, n int)
	answers             func(cfg kafkaout.Config, result, dead string, dial kafkaout.Dialer, g *guard.Guard) (*kafkaout.Answers, error)
	take                func(ctx context.Context, p access.Principal, lines []intake.Line) ([]intake.Result, error)
}

// recordsIn wires a topic, where it is set.
func (a *Gateway) recordsIn(dial kafkaout.Dialer, metrics *kafkain.Metrics, t topicIn) error {
	k := a.settings.Kafka
	if t.topic == "" {
		return nil
	}
	client, err := k.Connection().Settings()
	if err != nil {
		return err
	}
	out, err := t.answers(k.Config(), t.result, t.dead, dial, a.guard("kafka", t.name, kafkaout.AnswerOps(), k.Timeout))
	if err != nil {
		return err
	}
	a.closers = append(a.closers, out.Stop)
	consumer, err := kafkain.NewIntake(
		kafkain.Config{
			Brokers: k.Brokers,
			Group:   k.Group + "-" + t.name,
			Topic:   t.topic,
			Client:  client,
			Clock:   clock.Now,
			Log:     a.log,
		},
		kafkain.IntakeConfig{Who: speaker{name: t.who, in: a.store}.findPrincipal, MaxLine: t.max, Keyless: t.keyless},
		countedIntake{t},
		answersOut{a, out},
		metrics,
	)
	if err != nil {
		return err
	}
	a.extra = append(a.extra, consumer.Run)
	return nil
}

// speaker is whom the intake topic speaks for.
type speaker struct {
	name string
	in   store.Principals
}

// findPrincipal looks the principal up each time: one that is revoked posts no more.
func (p speaker) findPrincipal(ctx context.Context) (access.Principal, error) {
	all, err := p.in.PrincipalList(ctx)
	if err != nil {
		return access.Principal{}, err
	}
	for _, one := range all {
		if one.Name == p.name && one.InForce() {
			return one, nil
		}
	}
	return access.Principal{}, fault.New(fault.NotFound, "there is no such principal")
}

// countedIntake takes records in by the same code as the lines of a file, and counts them.
type countedIntake struct{ topic topicIn }

// Take implements kafkain.Intake.
func (r countedIntake) Take(ctx context.Context, p access.Principal, lines []intake.Line) ([]intake.Result, error) {
	results, err := r.topic.take(ctx, p, lines)
	for _, one := range results {
		r.topic.count(intake.PathKafka, one.Outcome, 1)
	}
	return results, err
}

// answersOut hands answers to the adapter that writes to Kafka.
type answersOut struct {
	a  *Gateway
	to *kafkaout.Answers
}

// Answer implements kafkain.Answers.
func (o answersOut) Answer(ctx context.Context, answers []kafkain.Answer) error {
	out := make([]kafkaout.Answer, len(answers))
	for i, one := range answers {
		out[i] = kafkaout.Answer(one)
	}
	return o.to.Answer(ctx, out)
}

// Consumers are the consumers of Kafka as /livez shows them.
func (a *Gateway) Consumers() []rest.Consumer {
	if a.consumers == nil {
		return nil
	}
	states := a.consumers.States()
	out := make([]rest.Consumer, len(states))
	for i, s := range states {
		out[i] = rest.Consumer{Topic: s.Topic, Seen: contract.Moment(s.Seen), Lag: s.Lag}
	}
	return out
}

// lettersIn wires the answers of the document management system into the one inbox.
func (a *Gateway) lettersIn(metrics *kafkain.Metrics) error {
	k := a.settings.Kafka
	if k.LetterStatus == "" {
		return nil
	}
	client, err := k.Connection().Settings()
	if err != nil {
		return err
	}
	consumer, err := kafkain.New(kafkain.Config{
		Brokers: k.Brokers, Group: k.Group, Topic: k.LetterStatus, Client: client, Clock: clock.Now, Log: a.log,
	}, a.report, metrics)
	if err != nil {
		return err
	}
	a.extra = append(a.extra, consumer.Run)
	return nil
}
