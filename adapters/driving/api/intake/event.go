package intake

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"carillon/adapters/driving/api/contract"
	"carillon/adapters/driving/api/problem"
	"carillon/core/access"
	"carillon/core/contact"
	"carillon/core/fault"
	"carillon/core/occurrence"
	"carillon/core/sysevent"
)

// Raiser takes system events in many at a time.
type Raiser interface {
	// RaiseAll decides each event; the error is of all of them.
	RaiseAll(ctx context.Context, now time.Time, p access.Principal, all []sysevent.Raised) ([]sysevent.Decision, error)
}

// Events takes in system events that come many at a time. It is safe for use by many goroutines.
type Events struct {
	cfg  Config
	core Raiser
	body *contract.Shape
}

// NewEvents makes the intake of events over the use cases.
func NewEvents(cfg Config, core Raiser) (*Events, error) {
	if err := cfg.check(); err != nil {
		return nil, fmt.Errorf("making the intake of events: %w", err)
	}
	return &Events{cfg: cfg, core: core, body: cfg.Contract.Operation("raiseEvent").Body}, nil
}

// MaxLine is how many bytes a line may have.
func (in *Events) MaxLine() int64 { return in.cfg.MaxLine }

// Take takes the events in. The results stand in the order of the lines. The error is of all of them:
// fault.Unavailable when nothing was stored, fault.Ambiguous when nobody knows.
func (in *Events) Take(ctx context.Context, p access.Principal, lines []Line) ([]Result, error) {
	refused := make([]*problem.Document, len(lines))
	raised, at := make([]sysevent.Raised, 0, len(lines)), make([]int, 0, len(lines))
	for i, l := range lines {
		e, wrong := in.read(l)
		if refused[i] = wrong; wrong == nil {
			raised, at = append(raised, sysevent.Raised{Key: l.Key, Event: e}), append(at, i)
		}
	}
	decided, err := in.core.RaiseAll(ctx, in.cfg.Clock(), p, raised)
	if err != nil {
		return nil, err
	}
	decisions := make([]sysevent.Decision, len(lines))
	for n, i := range at {
		decisions[i] = decided[n]
	}
	out := make([]Result, len(lines))
	for i, l := range lines {
		out[i] = eventResult(l, decisions[i], refused[i])
	}
	return out, nil
}

// read reads one line, or says in full what is wrong with it.
func (in *Events) read(l Line) (occurrence.Event, *problem.Document) {
	if l.TooLong {
		return occurrence.Event{}, new(problem.TooLarge(in.cfg.MaxLine))
	}
	e, wrong, err := ReadEvent(in.body, l.Body)
	switch {
	case err != nil:
		return e, new(problem.Malformed())
	case len(wrong) > 0:
		return e, new(problem.Of(fault.Refuse(wrong...)))
	}
	return e, nil
}

// ReadEvent reads an event, and tells everything that is wrong with it, or [contract.ErrMalformed].
func ReadEvent(shape *contract.Shape, body []byte) (e occurrence.Event, wrong []fault.Violation, err error) {
	if wrong, err = shape.Check(body); err != nil || len(wrong) > 0 {
		return e, wrong, err
	}
	e, err = occurrence.Read(body)
	var f *fault.Error
	if errors.As(err, &f) && f.Kind == fault.Invalid { // the core sees more than a schema can say
		return e, f.Violations, nil
	}
	return e, nil, err
}

// EventResult is what became of an event, as it is written.
type EventResult struct {
	*Record
	Event      occurrence.Kind   `json:"event,omitzero"`
	Object     string            `json:"object,omitzero"`
	Sequence   *int              `json:"sequence,omitzero"`
	Status     int               `json:"status"`
	AcceptedAt contract.Moment   `json:"acceptedAt,omitzero"`
	Made       []EventMade       `json:"made,omitempty"`
	Again      bool              `json:"again,omitzero"`
	Replayed   bool              `json:"replayed,omitzero"`
	Problem    *problem.Document `json:"problem,omitzero"`
}

// EventMade is what one creator made of an event.
type EventMade struct {
	Creator string             `json:"creator,omitzero"`
	Place   string             `json:"place"`
	Class   string             `json:"class,omitzero"`
	Type    string             `json:"type,omitzero"`
	Contact string             `json:"contact,omitzero"`
	Task    string             `json:"task,omitzero"`
	Status  contact.TaskStatus `json:"status,omitzero"`
	Errors  []problem.Field    `json:"errors,omitempty"`
	Skipped string             `json:"skipped,omitzero"`
}

// MadeOf shows what creators made of an event.
func MadeOf(all []contact.Made) []EventMade {
	out := make([]EventMade, 0, len(all))
	for _, m := range all {
		one := EventMade{
			Creator: m.Creator, Place: m.Site, Class: m.Class, Type: m.Type, Status: m.Status, Skipped: m.Skipped,
			Errors: FieldsOf(m.Problem),
		}
		if m.Contact != 0 {
			one.Contact = m.Contact.String()
		}
		if m.Task != 0 {
			one.Task = m.Task.String()
		}
		out = append(out, one)
	}
	return out
}

// FieldsOf are wrong fields as the API writes them; nil of none.
func FieldsOf(all []fault.Violation) (out []problem.Field) {
	for _, v := range all {
		out = append(out, problem.Field(v))
	}
	return out
}

func eventResult(l Line, d sysevent.Decision, refused *problem.Document) Result {
	out := EventResult{Record: l.Record, Status: http.StatusAccepted, Problem: problemOf(refused, d.Err)}
	if out.Problem != nil {
		out.Status = out.Problem.Status
	} else {
		a := d.Answer
		out.Event, out.Object, out.Sequence = a.Key.Kind, a.Key.Object, &a.Key.Sequence
		out.AcceptedAt, out.Again, out.Replayed = contract.Moment(a.At), !a.Kept, a.Replayed
		out.Made = MadeOf(a.Made)
	}
	return Result{Outcome: outcomeOf(out.Problem, out.Replayed), Status: out.Status, Body: written(out)}
}
