package gateway

import (
	"context"
	"log/slog"
	"time"

	"carillon/adapters/kit/group"
	"carillon/core/accept"
	"carillon/core/contact"
	"carillon/core/customer"
	"carillon/core/fault"
	"carillon/core/message"
	"carillon/core/store"
)

// merged is the committer as an applier: single write sets of concurrent callers share a transaction.
type merged struct {
	c *group.Committer[store.Writes, store.Verdict]
}

// Apply implements store.Applier for one set at a time.
func (m merged) Apply(ctx context.Context, sets ...store.Writes) ([]store.Verdict, error) {
	out := make([]store.Verdict, 0, len(sets))
	for _, s := range sets {
		v, err := m.c.Do(ctx, s)
		if err != nil {
			return out, err
		}
		out = append(out, v)
	}
	return out, nil
}

// steps starts what follows, for every verb that tells of a fall. A failure of the moment is given back, so that the
// verb tries again; a lasting one would hold the message up for ever: it is told loudly, and the plan ends.
type steps struct {
	accept *accept.Service
	log    *slog.Logger
}

func (a *Gateway) steps() steps { return steps{accept: a.accept, log: a.log} }

// NextStep implements dispatch.Steps, report.Steps and batch.Steps.
func (s steps) NextStep(
	ctx context.Context,
	now time.Time,
	id contact.ID,
	fell int16,
	why string,
) (store.Writes, error) {
	w, err := s.accept.NextStep(ctx, now, id, fell, why)
	if err == nil || fault.Passing(err) {
		return w, err
	}
	s.log.Error("the next step of a plan could not be started", slog.String("contact", id.String()),
		slog.Int("fell", int(fell)), slog.String("error", err.Error()))
	return store.Writes{}, nil
}

// Reply implements report.Steps.
func (s steps) Reply(
	ctx context.Context,
	now time.Time,
	to message.Message,
	address customer.Address,
	template string,
) (store.Writes, error) {
	w, err := s.accept.Reply(ctx, now, to, address, template)
	if err == nil || fault.Passing(err) {
		return w, err
	}
	s.log.Error(
		"a recipient's text could not be answered",
		slog.String("template", template),
		slog.String("error", err.Error()),
	)
	return store.Writes{}, nil
}
