package gateway

import (
	"context"

	"carillon/adapters/driven/kafkaout"
	"carillon/channels/letter"
	"carillon/cmd/internal/breakers"
	"carillon/cmd/internal/clock"
	"carillon/cmd/internal/letters"
	"carillon/cmd/internal/standby"
	"carillon/core/batch"
)

// wireKafka wires what leaves by Kafka and what comes back: letters, status entries, the DMS's answers.
func (a *Gateway) wireKafka(context.Context) error {
	k := a.settings.Kafka
	if len(k.Brokers) == 0 {
		a.log.Warn("no Kafka brokers are set: letters wait, and nobody reads the status topic")
		a.letters = &letters.Engine{Job: a.letterJob(letters.NoPress{}, letters.Closed{}), Watch: a.shifts}
		return nil
	}
	cfg := k.Config()
	dial, err := kafkaout.Dial(cfg)
	if err != nil {
		return err
	}
	g := a.guard("kafka", "letters", kafkaout.Ops(), k.Timeout)
	press, err := kafkaout.New(cfg, dial, g)
	if err != nil {
		return err
	}
	a.closers = append(a.closers, press.Stop)
	a.letters = &letters.Engine{Job: a.letterJob(press, breakers.Breaker{Guard: g}), Watch: a.shifts}
	if err := a.kafkaIn(dial); err != nil {
		return err
	}
	if k.Status == "" {
		return nil
	}
	status, err := kafkaout.NewStatus(cfg, dial, a.guard("kafka", "status", kafkaout.StatusOps(), k.Timeout))
	if err != nil {
		return err
	}
	a.closers = append(a.closers, status.Stop)
	relay := &standby.Relay{
		To:    &batch.Relay{Name: "kafka:" + k.Status, Store: a.store, Facts: a.store, Publisher: status},
		Facts: a.store, First: a.fleet.First,
	}
	relay.Schedule(a.ticker, a.watch)
	return nil
}

func (a *Gateway) letterJob(press letter.Press, b batch.Breaker) *batch.Letters {
	return &batch.Letters{
		Store: a.store, Facts: a.store, Controls: a.store, Configs: a.configs, Steps: a.steps(), Clock: clock.Now,
		Press:   press,
		Gate:    letters.Gate{Facts: a.store, Configs: a.configs, Allow: a.settings.AllowList()},
		Freezer: letters.Freezer{}, Breaker: b, Lease: a.settings.Lease,
	}
}
