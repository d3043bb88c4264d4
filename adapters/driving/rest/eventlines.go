package rest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"carillon/contracts"
	"carillon/core/access"
	"carillon/core/contact"
	"carillon/core/event"
	"carillon/core/fault"
	"carillon/core/occurrence"
)

// EventLines takes in system events that come many at a time, each as the JSON that POST /v1/events takes: the records of a
// Kafka partition. It is safe for use by many goroutines.
type EventLines struct {
	cfg  Config
	core Events
	body *operation
}

// NewEventLines makes it over the use cases; of cfg it takes the clock and, for a line, the size of a body.
func NewEventLines(cfg Config, core Events) (*EventLines, error) {
	if cfg.MaxBody == 0 {
		cfg.MaxBody = defaultMaxBody
	}
	c, err := readContract(contracts.OpenAPI())
	if err := errors.Join(err, cfg.check()); err != nil {
		return nil, fmt.Errorf("making the intake of events: %w", err)
	}
	return &EventLines{cfg: cfg, core: core, body: c.operation(raiseEvent)}, nil
}

// MaxLine is how many bytes a line may have.
func (in *EventLines) MaxLine() int64 { return in.cfg.MaxBody }

// Take takes the events in. The results stand in the order of the lines. The error is of all of them: fault.Unavailable
// when nothing was stored, fault.Ambiguous when nobody knows.
func (in *EventLines) Take(ctx context.Context, p access.Principal, lines []Line) ([]Result, error) {
	refused := make([]*problem, len(lines))
	raised, at := make([]event.Raised, 0, len(lines)), make([]int, 0, len(lines))
	for i, l := range lines {
		e, wrong := in.read(l)
		if refused[i] = wrong; wrong == nil {
			raised, at = append(raised, event.Raised{Key: l.Key, Event: e}), append(at, i)
		}
	}
	decided, err := in.core.RaiseAll(ctx, in.cfg.Clock(), p, raised)
	if err != nil {
		return nil, err
	}
	decisions := make([]event.Decision, len(lines))
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
func (in *EventLines) read(l Line) (occurrence.Event, *problem) {
	told := func(p problem) (occurrence.Event, *problem) { return occurrence.Event{}, &p }
	switch {
	case l.TooLong:
		return told(tooLarge(in.cfg.MaxBody))
	case !json.Valid(l.Body):
		return told(malformed())
	}
	if wrong := in.body.wrongBody(l.Body); len(wrong) > 0 {
		return told(problemOf(fault.Refuse(wrong...)))
	}
	e, err := occurrence.Read(l.Body)
	if err != nil {
		return told(problemOf(err))
	}
	return e, nil
}

// eventLine is a result as it is written.
type eventLine struct {
	*Record
	Event      string     `json:"event,omitempty"`
	Object     string     `json:"object,omitempty"`
	Sequence   *int       `json:"sequence,omitempty"`
	Status     int        `json:"status"`
	AcceptedAt string     `json:"acceptedAt,omitempty"`
	Made       []madeLine `json:"made,omitempty"`
	Again      bool       `json:"again,omitempty"`
	Replayed   bool       `json:"replayed,omitempty"`
	Problem    *problem   `json:"problem,omitempty"`
}

type madeLine struct {
	Creator string      `json:"creator,omitempty"`
	Place   string      `json:"place"`
	Class   string      `json:"class,omitempty"`
	Type    string      `json:"type,omitempty"`
	Contact string      `json:"contact,omitempty"`
	Task    string      `json:"task,omitempty"`
	Status  string      `json:"status,omitempty"`
	Errors  []errorLine `json:"errors,omitempty"`
	Skipped string      `json:"skipped,omitempty"`
}

type errorLine struct {
	Field  string `json:"field"`
	Reason string `json:"reason"`
}

func eventResult(l Line, d event.Decision, refused *problem) Result {
	out := eventLine{Record: l.Record, Status: http.StatusAccepted, Problem: refused}
	if refused == nil && d.Err != nil {
		p := problemOf(d.Err)
		out.Problem = &p
	}
	if out.Problem != nil {
		out.Status = out.Problem.Status
	} else {
		a := d.Answer
		out.Event, out.Object, out.Sequence = string(a.Key.Kind), a.Key.Object, &a.Key.Sequence
		out.AcceptedAt, out.Again, out.Replayed = a.At.UTC().Format(stampFormat), !a.Kept, a.Replayed
		for _, m := range a.Made {
			out.Made = append(out.Made, madeOf(m))
		}
	}
	text, err := json.Marshal(out)
	if err != nil { // texts and numbers always marshal
		text = []byte("{}")
	}
	whole := resultLine{Status: out.Status, Replayed: out.Replayed, Problem: out.Problem}
	return Result{Outcome: whole.outcome(), Status: out.Status, Body: text}
}

func madeOf(m contact.Made) madeLine {
	one := madeLine{
		Creator: m.Creator, Place: m.Place, Class: m.Class, Type: m.Type, Contact: m.Contact.String(), Task: m.Task.String(),
		Status: string(m.Status), Skipped: m.Skipped,
	}
	for _, v := range m.Problem {
		one.Errors = append(one.Errors, errorLine(v))
	}
	return one
}
