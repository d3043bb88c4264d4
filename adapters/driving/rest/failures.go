package rest

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"carillon/adapters/driving/api/contract"
	"carillon/adapters/driving/api/intake"
	"carillon/core/accept"
	"carillon/core/access"
	"carillon/core/desk/counter"
	"carillon/core/fault"
	"carillon/core/message"
	"carillon/core/plan"
)

func (s *server) failureOperations() []operation {
	return []operation{
		op("listDeadLetters", s.listDeadLetters),
		op("replayDeadLetters", s.replayDeadLetters),
		op("retryMessage", s.retryMessage),
		op("resolveMessage", s.resolveMessage),
	}
}

// Retrier replaces messages that fell.
type Retrier interface {
	// Retry returns when the new message is durable; fault.Conflict for what cannot be replaced, fault.Invalid for an address.
	Retry(ctx context.Context, now time.Time, p access.Principal, r accept.RetryRequest) (accept.Retried, error)
}

// Failures are what ended badly or is in doubt, and what people do about it. All return fault.Forbidden for a caller
// that may not, and fault.NotFound for what the caller does not see.
type Failures interface {
	// DeadLetters lists dead letters, newest first; next is nil at the end.
	DeadLetters(ctx context.Context, p access.Principal, f counter.DeadFilter, after message.DeadCursor, limit int) (rows []counter.DeadRow, next *message.DeadCursor, err error)
	// Replay puts dead letters back into their lanes, or says what that would do; bounded.
	Replay(ctx context.Context, now time.Time, p access.Principal, r counter.ReplayRequest) (counter.ReplayAnswer, error)
	// Resolve ends the doubt about a message; fault.Conflict when there is none.
	Resolve(ctx context.Context, now time.Time, p access.Principal, id message.ID, as counter.Resolution, reason string) (message.Record, error)
	// CancelMany stops what has not begun, or says what that would do; bounded.
	CancelMany(ctx context.Context, now time.Time, p access.Principal, c counter.Cancellation) (counter.Cancelled, error)
}

// DeadLetterPage is a page of dead letters, newest first.
type DeadLetterPage struct {
	DeadLetters []DeadLetter `json:"deadLetters"`
	Next        string       `json:"next,omitzero"`
}

// DeadLetter is a message that ended without a proof that anybody was reached, or is in doubt.
type DeadLetter struct {
	Message    string          `json:"message"`
	Outcome    string          `json:"outcome"`
	SettledAt  contract.Moment `json:"settledAt"`
	AcceptedAt contract.Moment `json:"acceptedAt"`
	Source     string          `json:"source"`
	Division   string          `json:"division"`
	Contact    string          `json:"contact,omitzero"`
	Class      string          `json:"class,omitzero"`
	Type       string          `json:"type,omitzero"`
	Channel    message.Channel `json:"channel"`
	Route      string          `json:"route"`
	Urgency    string          `json:"urgency"`
	Reason     string          `json:"reason,omitzero"`
	Code       string          `json:"code,omitzero"`
	Attempts   int             `json:"attempts"`
	Reached    bool            `json:"reached"`
}

// ReplayRequest is dead letters, by a filter or by their messages.
type ReplayRequest struct {
	Filter         *DeadLetterFilter `json:"filter,omitzero"`
	Messages       []string          `json:"messages,omitzero"`
	DryRun         *bool             `json:"dryRun,omitzero"`
	IncludeReached *bool             `json:"includeReached,omitzero"`
	Reason         string            `json:"reason,omitzero"`
	After          string            `json:"after,omitzero"`
	Limit          int               `json:"limit,omitzero"`
}

// DeadLetterFilter is which dead letters are meant. What is left out asks for nothing.
type DeadLetterFilter struct {
	Outcome       string          `json:"outcome,omitzero"`
	Division      string          `json:"division,omitzero"`
	Channel       message.Channel `json:"channel,omitzero"`
	Route         string          `json:"route,omitzero"`
	Urgency       string          `json:"urgency,omitzero"`
	Class         string          `json:"class,omitzero"`
	Type          string          `json:"type,omitzero"`
	Reason        string          `json:"reason,omitzero"`
	Code          string          `json:"code,omitzero"`
	Batch         string          `json:"batch,omitzero"`
	AcceptedFrom  time.Time       `json:"acceptedFrom,omitzero"`
	AcceptedUntil time.Time       `json:"acceptedUntil,omitzero"`
	SettledFrom   time.Time       `json:"settledFrom,omitzero"`
	SettledUntil  time.Time       `json:"settledUntil,omitzero"`
}

// ReplayAnswer is what a replay did, or would do.
type ReplayAnswer struct {
	DryRun   bool                 `json:"dryRun"`
	Found    int                  `json:"found"`
	Replayed int                  `json:"replayed"`
	Parts    int                  `json:"parts"`
	Groups   []ReplayAnswerGroup  `json:"groups"`
	Passed   []ReplayAnswerPassed `json:"passed"`
	Next     string               `json:"next,omitzero"`
}

// ReplayAnswerGroup is how many messages of a channel, route and reason go back.
type ReplayAnswerGroup struct {
	Channel  message.Channel `json:"channel"`
	Route    string          `json:"route"`
	Reason   string          `json:"reason,omitzero"`
	Messages int             `json:"messages"`
}

// ReplayAnswerPassed is how many messages stay where they are, and why.
type ReplayAnswerPassed struct {
	Why      string `json:"why"`
	Messages int    `json:"messages"`
}

// RetryRequest is a corrected address, where there is one to correct.
type RetryRequest struct {
	Address string         `json:"address,omitzero"`
	Postal  *intake.Postal `json:"postal,omitzero"`
}

// Retried is the message that replaces another. The same for the first and for every repeated request.
type Retried struct {
	Message  string          `json:"message"`
	Replaces string          `json:"replaces"`
	Contact  string          `json:"contact"`
	Step     int             `json:"step"`
	Number   int             `json:"number"`
	Channel  message.Channel `json:"channel"`
	At       contract.Moment `json:"at"`
}

// Retry is a message that replaced another of its step.
type Retry struct {
	Message  string          `json:"message"`
	Replaces string          `json:"replaces"`
	Step     int             `json:"step"`
	Number   int             `json:"number"`
	At       contract.Moment `json:"at"`
	By       string          `json:"by"`
}

// ResolveRequest is what became of a message in doubt, and how that is known.
type ResolveRequest struct {
	Outcome string `json:"outcome"`
	Reason  string `json:"reason"`
}

// listDeadLetters lists messages that ended badly.
func (s *server) listDeadLetters(ctx context.Context, c call[nothing]) (answer[DeadLetterPage], error) {
	filter := deadFilter(DeadLetterFilter{
		Outcome: c.Text("outcome"), Division: c.Text("division"), Channel: message.Channel(c.Text("channel")),
		Route: c.Text("route"), Urgency: c.Text("urgency"), Class: c.Text("class"), Type: c.Text("type"),
		Reason: c.Text("reason"), Code: c.Text("code"), Batch: c.Text("batch"), AcceptedFrom: c.Moment("acceptedFrom"),
		AcceptedUntil: c.Moment("acceptedUntil"), SettledFrom: c.Moment("settledFrom"),
		SettledUntil: c.Moment("settledUntil"),
	})
	after, err := deadCursor(c.Text("after"), "query/after")
	if err != nil {
		return failed[DeadLetterPage](err)
	}
	rows, next, err := s.Failures.DeadLetters(ctx, c.caller, filter, after, int(c.Integer("limit")))
	if err != nil {
		return failed[DeadLetterPage](err)
	}
	out := DeadLetterPage{DeadLetters: make([]DeadLetter, 0, len(rows)), Next: deadCursorText(next)}
	for _, d := range rows {
		shown := DeadLetter{
			Message: d.Message.String(), Outcome: d.Place.String(), SettledAt: contract.Moment(d.At),
			AcceptedAt: contract.Moment(d.AcceptedAt), Source: d.Source, Division: d.Division, Class: d.Class, Type: d.Type,
			Channel: d.Channel, Route: d.Route, Urgency: d.Urgency.String(), Reason: d.Reason,
			Code: d.Code, Attempts: int(d.Attempts), Reached: d.Reached,
		}
		if d.Contact != 0 {
			shown.Contact = d.Contact.String()
		}
		out.DeadLetters = append(out.DeadLetters, shown)
	}
	return ok(out), nil
}

func deadFilter(f DeadLetterFilter) counter.DeadFilter {
	return counter.DeadFilter{
		Outcome: placeOf(f.Outcome), Division: f.Division, Channel: f.Channel,
		Route: f.Route, Urgency: urgencyOf(f.Urgency), Class: f.Class, Type: f.Type,
		Reason: f.Reason, Code: f.Code, Batch: f.Batch, AcceptedFrom: f.AcceptedFrom,
		AcceptedUntil: f.AcceptedUntil, SettledFrom: f.SettledFrom, SettledUntil: f.SettledUntil,
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

// urgencyOf is the urgency of a word; nil when there is none.
func urgencyOf(word string) *message.Urgency {
	u, err := message.ParseUrgency(word)
	if word == "" || err != nil {
		return nil
	}
	return &u
}

// deadCursor reads a cursor as it was given out: microseconds, a dot, and an id.
func deadCursor(text, field string) (message.DeadCursor, error) {
	if text == "" {
		return message.DeadCursor{}, nil
	}
	at, id, _ := strings.Cut(text, ".")
	micros, err := strconv.ParseInt(at, 10, 64)
	last, bad := message.ParseID(id)
	if err != nil || bad != nil {
		return message.DeadCursor{}, fault.Refuse(fault.Violation{Field: field, Reason: "is a cursor that was given out"})
	}
	return message.DeadCursor{At: time.UnixMicro(micros).UTC(), Message: last}, nil
}

// deadCursorText is a cursor as it is given out; empty at the end.
func deadCursorText(c *message.DeadCursor) string {
	if c == nil {
		return ""
	}
	return strconv.FormatInt(c.At.UnixMicro(), 10) + "." + c.Message.String()
}

// replayDeadLetters puts dead letters back into their lanes, or says what that would do.
func (s *server) replayDeadLetters(ctx context.Context, c call[ReplayRequest]) (answer[ReplayAnswer], error) {
	after, err := deadCursor(c.body.After, "/after")
	if err != nil {
		return failed[ReplayAnswer](err)
	}
	ids, err := messageIDs("/messages/", c.body.Messages)
	if err != nil {
		return failed[ReplayAnswer](err)
	}
	if len(ids) > 0 && c.body.Filter != nil {
		return failed[ReplayAnswer](fault.Refuse(fault.Violation{Field: "/messages", Reason: "stand instead of a filter"}))
	}
	ask := counter.ReplayRequest{
		Key: c.Text("Idempotency-Key"), Reason: c.body.Reason, IDs: ids, After: after, Limit: replayLimit,
		DryRun: yes(c.body.DryRun, true), IncludeReached: yes(c.body.IncludeReached, false),
	}
	if c.body.Filter != nil {
		ask.Filter = deadFilter(*c.body.Filter)
	}
	if c.body.Limit != 0 {
		ask.Limit = c.body.Limit
	}
	a, err := s.Failures.Replay(ctx, c.now, c.caller, ask)
	if err != nil {
		return failed[ReplayAnswer](err)
	}
	return ok(replayView(a, ask.DryRun)), nil
}

// replayLimit is how many dead letters are looked at when the request does not say, as the contract says.
const replayLimit = 1000

func replayView(a counter.ReplayAnswer, dry bool) ReplayAnswer {
	out := ReplayAnswer{
		DryRun: dry, Found: a.Found, Replayed: a.Replayed, Parts: a.Parts, Groups: []ReplayAnswerGroup{},
		Passed: []ReplayAnswerPassed{}, Next: deadCursorText(a.Next),
	}
	for g, n := range a.Groups {
		out.Groups = append(out.Groups, ReplayAnswerGroup{Channel: g.Channel, Route: g.Route, Reason: g.Reason, Messages: n})
	}
	for why, n := range a.Passed {
		out.Passed = append(out.Passed, ReplayAnswerPassed{Why: why, Messages: n})
	}
	slices.SortFunc(out.Groups, func(a, b ReplayAnswerGroup) int {
		return cmp.Or(cmp.Compare(a.Channel, b.Channel), cmp.Compare(a.Route, b.Route), cmp.Compare(a.Reason, b.Reason))
	})
	slices.SortFunc(out.Passed, func(a, b ReplayAnswerPassed) int { return cmp.Compare(a.Why, b.Why) })
	return out
}

// retryMessage replaces a message that fell by a new one.
func (s *server) retryMessage(ctx context.Context, c call[RetryRequest]) (answer[Retried], error) {
	id, err := pathID(c.exchange, "id", message.ParseID, "message")
	if err != nil {
		return failed[Retried](err)
	}
	made, err := s.Retries.Retry(ctx, c.now, c.caller, accept.RetryRequest{
		Key: c.Text("Idempotency-Key"), Message: id, Address: c.body.Address, Postal: c.body.Postal.Block(),
	})
	if err != nil {
		return failed[Retried](err)
	}
	return ok(Retried{
		Message: made.Message.String(), Replaces: made.Former.String(), Contact: made.Contact.String(), Step: int(made.Step),
		Number: int(made.Number), Channel: made.Channel, At: contract.Moment(made.At),
	}).as(http.StatusAccepted).replayed(made.Replayed), nil
}

func retryView(r plan.Retry) Retry {
	return Retry{
		Message: r.Message.String(), Replaces: r.Former.String(), Step: int(r.Step), Number: int(r.Number),
		At: contract.Moment(r.At), By: r.By,
	}
}

// resolveMessage ends a doubt by a person's word.
func (s *server) resolveMessage(ctx context.Context, c call[ResolveRequest]) (answer[Message], error) {
	id, err := pathID(c.exchange, "id", message.ParseID, "message")
	if err != nil {
		return failed[Message](err)
	}
	rec, err := s.Failures.Resolve(ctx, c.now, c.caller, id, counter.Resolution(c.body.Outcome), c.body.Reason)
	if err != nil {
		return failed[Message](err)
	}
	return ok(messageView(rec, s.holders())), nil
}
