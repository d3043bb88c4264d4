package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"carillon/core/message"
)

const aloneName = "emergencies, nothing else waits"

func burdenedName(o Options) string {
	return fmt.Sprintf("emergencies, %d bulk messages waiting and draining", o.Bulk)
}

// emergencyRounds is how often the phase is parted at most: each round fills a backlog anew.
const emergencyRounds = 3

// emergencyEvery is the pace of emergencies: so few that nothing but the bulk can delay them.
const emergencyEvery = 20 * time.Millisecond

func emergencySubjects(_ *Gateway, gr *ground) []Subject {
	return []Subject{
		{Name: aloneName, Base: aloneName, Steady: true, Rounds: emergencyRounds, Run: func(ctx context.Context, _ int) (Sample, error) { return gr.emergencies(ctx, 0) }},
		{Name: burdenedName(gr.options), Base: aloneName, Steady: true, Rounds: emergencyRounds, Run: func(ctx context.Context, _ int) (Sample, error) {
			return gr.emergencies(ctx, gr.options.Bulk)
		}},
	}
}

// shippedSlots is what a route has as shipped, in each of its lanes.
const shippedSlots = 16

// emergencies posts emergencies at their pace, in front of bulk that drains, and tells how long each took to the provider.
func (gr *ground) emergencies(ctx context.Context, bulk int) (out Sample, err error) {
	phase := gr.options.Phase / time.Duration(min(gr.options.Reps, emergencyRounds))
	n := int(phase / emergencyEvery)
	h, err := gr.openHost(ctx, document(shippedSlots))
	if err != nil {
		return out, err
	}
	defer func() { err = errors.Join(err, h.Close()) }()
	if bulk > 0 {
		if err := h.seed(ctx, message.Bulk, bulk); err != nil {
			return out, err
		}
	}
	requests, err := wired(h.key, h.marked(n, "OUT", "OUTAGE"))
	if err != nil {
		return out, err
	}
	gr.double.expect(n)
	if err := h.Start(ctx); err != nil {
		return out, err
	}
	time.Sleep(time.Second) // the drain, if any, is under way
	var sent []time.Time
	before := gr.double.taken.Load()
	out, err = h.run(ctx, fmt.Sprintf("emergency-%d", bulk), n, func() (err error) {
		if sent, err = paced(ctx, h.address, emergencyEvery, requests); err != nil {
			return err
		}
		return gr.double.awaited(ctx)
	})
	if err != nil {
		return out, err
	}
	took := make([]time.Duration, n)
	for i := range took {
		took[i] = gr.double.when(i).Sub(sent[i])
	}
	took = took[n/20:] // the first ones open connections
	out.P50, out.P99 = quantiles(took)
	drained := float64(gr.double.taken.Load()-before-int64(n)) / out.Took.Seconds()
	out.Note = fmt.Sprintf("p50 %s, p99 %s of %d; %.0f bulk/s beside", tenth(out.P50), tenth(out.P99), len(took), drained)
	if bulk > 0 && drained < 1 {
		err = errors.New("the bulk did not drain meanwhile")
	}
	return out, err
}

// awaited waits until every marked text has come.
func (d *double) awaited(ctx context.Context) error {
	for end := time.Now().Add(20 * time.Second); d.missing() > 0; {
		if ctx.Err() != nil || time.Now().After(end) {
			return fmt.Errorf("%d texts did not come", d.missing())
		}
		time.Sleep(10 * time.Millisecond)
	}
	return nil
}
