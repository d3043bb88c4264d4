package rest

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"carillon/adapters/driving/rest/internal/api"
	"carillon/core/accept"
	"carillon/core/contact"
	"carillon/core/desk"
	"carillon/core/fault"
	"carillon/core/message"
	"carillon/core/notice"
)

// ListDeadLetters lists messages that ended badly.
func (s *server) ListDeadLetters(ctx context.Context, p api.ListDeadLettersParams) (api.ListDeadLettersRes, error) {
	filter := deadFilter(api.DeadLetterFilter{
		Outcome: p.Outcome, Division: p.Division, Channel: p.Channel, Route: p.Route, Urgency: p.Urgency, Class: p.Class, Type: p.Type,
		Reason: p.Reason, Code: p.Code, Batch: p.Batch, AcceptedFrom: p.AcceptedFrom, AcceptedUntil: p.AcceptedUntil,
		SettledFrom: p.SettledFrom, SettledUntil: p.SettledUntil,
	})
	after, err := deadCursor(p.After, "query/after")
	if err != nil {
		return nil, err
	}
	rows, next, err := s.Failures.DeadLetters(ctx, caller(ctx), filter, after, p.Limit.Value)
	if err != nil {
		return nil, err
	}
	out := &api.DeadLetterPage{DeadLetters: make([]api.DeadLetter, 0, len(rows)), Next: cursorText(next)}
	for _, d := range rows {
		shown := api.DeadLetter{
			Message: api.MessageID(d.Message.String()), Outcome: api.DeadOutcome(d.Place.String()), SettledAt: stamp(d.At),
			AcceptedAt: stamp(d.AcceptedAt), Source: d.Source, Division: d.Division, Class: text(d.Class), Type: text(d.Type),
			Channel: api.Channel(d.Channel), Route: d.Route, Urgency: api.Urgency(d.Urgency.String()), Reason: text(d.Reason),
			Code: text(d.Code), Attempts: int(d.Attempts), Reached: d.Reached,
		}
		if d.Contact != 0 {
			shown.Contact = api.NewOptContactID(api.ContactID(d.Contact.String()))
		}
		out.DeadLetters = append(out.DeadLetters, shown)
	}
	return out, nil
}

func deadFilter(f api.DeadLetterFilter) desk.DeadFilter {
	return desk.DeadFilter{
		Outcome: placeOf(string(f.Outcome.Value)), Division: string(f.Division.Value), Channel: message.Channel(f.Channel.Value),
		Route: string(f.Route.Value), Urgency: urgencyOf(f.Urgency), Class: string(f.Class.Value), Type: string(f.Type.Value),
		Reason: string(f.Reason.Value), Code: string(f.Code.Value), Batch: string(f.Batch.Value), AcceptedFrom: f.AcceptedFrom.Value,
		AcceptedUntil: f.AcceptedUntil.Value, SettledFrom: f.SettledFrom.Value, SettledUntil: f.SettledUntil.Value,
	}
}

// placeOf is the place of a word; 0 when there is none.
func placeOf(word string) message.Place {
	i := slices.IndexFunc(message.Places(), func(p message.Place) bool { return p.String() == word })
	if i < 0 {
		return 0
	}
	return message.Places()[i]
}

func urgencyOf(o api.OptUrgency) *message.Urgency {
	u, err := message.ParseUrgency(string(o.Value))
	if !o.Set || err != nil {
		return nil
	}
	return &u
}

// deadCursor reads a cursor as it was given out: microseconds, a dot, and an id.
func deadCursor(o api.OptDeadCursor, field string) (message.DeadCursor, error) {
	if !o.Set {
		return message.DeadCursor{}, nil
	}
	at, id, _ := strings.Cut(string(o.Value), ".")
	micros, err := strconv.ParseInt(at, 10, 64)
	last, bad := message.ParseID(id)
	if err != nil || bad != nil {
		return message.DeadCursor{}, fault.Refuse(fault.Violation{Field: field, Reason: "is a cursor that was given out"})
	}
	return message.DeadCursor{At: time.UnixMicro(micros).UTC(), Message: last}, nil
}

func cursorText(c *message.DeadCursor) api.OptDeadCursor {
	if c == nil {
		return api.OptDeadCursor{}
	}
	return api.NewOptDeadCursor(api.DeadCursor(strconv.FormatInt(c.At.UnixMicro(), 10) + "." + c.Message.String()))
}

// ReplayDeadLetters puts dead letters back into their lanes, or says what that would do.
func (s *server) ReplayDeadLetters(ctx context.Context, req *api.ReplayRequest, params api.ReplayDeadLettersParams) (api.ReplayDeadLettersRes, error) {
	after, err := deadCursor(req.After, "/after")
	if err != nil {
		return nil, err
	}
	ids, err := messageIDs("/messages/", req.Messages)
	if err != nil {
		return nil, err
	}
	if len(ids) > 0 && req.Filter.Set {
		return nil, fault.Refuse(fault.Violation{Field: "/messages", Reason: "stand instead of a filter"})
	}
	answer, err := s.Failures.Replay(ctx, s.cfg.Clock(), caller(ctx), desk.ReplayRequest{
		Key: params.IdempotencyKey, Reason: string(req.Reason.Value), Filter: deadFilter(req.Filter.Value), IDs: ids, After: after,
		Limit: req.Limit.Value, DryRun: req.DryRun.Or(true), IncludeReached: req.IncludeReached.Value,
	})
	if err != nil {
		return nil, err
	}
	return replayAnswer(answer, req.DryRun.Or(true)), nil
}

func replayAnswer(a desk.ReplayAnswer, dry bool) *api.ReplayAnswer {
	out := &api.ReplayAnswer{
		DryRun: dry, Found: a.Found, Replayed: a.Replayed, Parts: a.Parts, Groups: []api.ReplayAnswerGroupsItem{},
		Passed: []api.ReplayAnswerPassedItem{}, Next: cursorText(a.Next),
	}
	for g, n := range a.Groups {
		out.Groups = append(out.Groups, api.ReplayAnswerGroupsItem{Channel: api.Channel(g.Channel), Route: g.Route, Reason: text(g.Reason), Messages: n})
	}
	for why, n := range a.Passed {
		out.Passed = append(out.Passed, api.ReplayAnswerPassedItem{Why: why, Messages: n})
	}
	slices.SortFunc(out.Groups, func(a, b api.ReplayAnswerGroupsItem) int {
		return cmp.Or(cmp.Compare(a.Channel, b.Channel), cmp.Compare(a.Route, b.Route), cmp.Compare(a.Reason.Value, b.Reason.Value))
	})
	slices.SortFunc(out.Passed, func(a, b api.ReplayAnswerPassedItem) int { return cmp.Compare(a.Why, b.Why) })
	return out
}

// RetryMessage replaces a message that fell by a new one.
func (s *server) RetryMessage(ctx context.Context, req *api.RetryRequest, params api.RetryMessageParams) (api.RetryMessageRes, error) {
	id, err := message.ParseID(string(params.ID))
	if err != nil {
		return nil, fault.New(fault.NotFound, "there is no such message")
	}
	made, err := s.Retries.Retry(ctx, s.cfg.Clock(), caller(ctx), accept.RetryRequest{
		Key: params.IdempotencyKey, Message: id, Address: req.Address.Value, Postal: postal(req.Postal),
	})
	if err != nil {
		return nil, err
	}
	out := &api.RetriedHeaders{Response: api.Retried{
		Message: api.MessageID(made.Message.String()), Replaces: api.MessageID(made.Former.String()), Contact: api.ContactID(made.Contact.String()),
		Step: int(made.Step), Number: int(made.Number), Channel: api.Channel(made.Channel), At: stamp(made.At),
	}}
	if made.Replayed {
		out.IdempotencyReplayed = api.NewOptBool(true)
	}
	return out, nil
}

func retryView(r notice.Retry) api.Retry {
	return api.Retry{
		Message: api.MessageID(r.Message.String()), Replaces: api.MessageID(r.Former.String()), Step: int(r.Step), Number: int(r.Number),
		At: stamp(r.At), By: r.By,
	}
}

// ResolveMessage ends a doubt by a person's word.
func (s *server) ResolveMessage(ctx context.Context, req *api.ResolveRequest, params api.ResolveMessageParams) (api.ResolveMessageRes, error) {
	id, err := message.ParseID(string(params.ID))
	if err != nil {
		return nil, fault.New(fault.NotFound, "there is no such message")
	}
	rec, err := s.Failures.Resolve(ctx, s.cfg.Clock(), caller(ctx), id, desk.Resolution(req.Outcome), string(req.Reason))
	if err != nil {
		return nil, err
	}
	return messageView(rec, s.holders()), nil
}

// CancelMany stops what has not begun, or says what that would do.
func (s *server) CancelMany(ctx context.Context, req *api.CancellationRequest) (api.CancelManyRes, error) {
	c := desk.Cancellation{Batch: string(req.Batch.Value), Reason: string(req.Reason.Value), DryRun: req.DryRun.Or(true)}
	var err error
	if req.Contact.Set {
		if c.Contact, err = contact.ParseID(string(req.Contact.Value)); err != nil {
			return nil, fault.New(fault.NotFound, "there is no such contact")
		}
	}
	if q := req.Query.Value; req.Query.Set {
		c.Query = &desk.WaitFilter{
			Division: string(q.Division.Value), Channel: message.Channel(q.Channel.Value), Route: string(q.Route.Value),
			Urgency: urgencyOf(q.Urgency), Class: string(q.Class.Value), Type: string(q.Type.Value),
			AcceptedFrom: q.AcceptedFrom.Value, AcceptedUntil: q.AcceptedUntil.Value,
		}
	}
	if c.After, err = cancelCursor(req.After); err != nil {
		return nil, err
	}
	done, err := s.Failures.CancelMany(ctx, s.cfg.Clock(), caller(ctx), c)
	if err != nil {
		return nil, err
	}
	out := &api.CancellationAnswer{
		DryRun: c.DryRun, Contacts: done.Contacts, Cancelled: done.Cancelled, Recalled: done.Recalled, UnderWay: done.UnderWay,
		Halted: done.Halted, Lost: done.Lost,
	}
	if n := done.Next; n != nil {
		next := n.Contact.String()
		if n.Contact == 0 {
			next = n.Message.String()
		}
		out.Next = api.NewOptCancelCursor(api.CancelCursor(next))
	}
	return out, nil
}

func cancelCursor(o api.OptCancelCursor) (c desk.CancelCursor, err error) {
	const contactDigits = 10
	switch {
	case !o.Set:
		return c, nil
	case len(o.Value) == contactDigits:
		c.Contact, err = contact.ParseID(string(o.Value))
	default:
		c.Message, err = message.ParseID(string(o.Value))
	}
	if err != nil {
		return c, fault.Refuse(fault.Violation{Field: "/after", Reason: "is a cursor that was given out"})
	}
	return c, nil
}
