package rest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"regexp"
	"sync"
	"time"

	"github.com/go-faster/jx"

	"carillon/adapters/driving/rest/internal/api"
	"carillon/core/desk"
	"carillon/core/fault"
)

// LoadCustomers takes a stream of customers in and answers it line by line: one reads lines, the handler loads part after
// part, each in one transaction, and answers it before it takes the next, so that what is read and not answered is
// bounded.
func (s *server) LoadCustomers(ctx context.Context, _ api.LoadCustomersReq, params api.LoadCustomersParams, w http.ResponseWriter) error {
	x := exchangeOf(ctx)
	f := &flow{s: s, w: w, control: http.NewResponseController(w), who: x.principal, began: s.cfg.Clock()}
	_ = f.control.EnableFullDuplex() // what cannot do it does it already, or is a test's recorder
	body, err := f.open(x.stream, string(params.ContentEncoding.Value))
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/x-ndjson")
	w.Header().Set("Cache-Control", "no-store")
	ctx, stop := context.WithCancel(ctx)
	lines := make(chan Line, readAhead)
	var all sync.WaitGroup
	all.Go(func() { f.read(ctx, body, lines) })
	end, broken := s.loadLines(ctx, f, lines)
	stop()
	_ = f.control.SetReadDeadline(time.Unix(1, 0)) // whoever still waits for the sender waits no more
	all.Wait()
	_ = f.control.SetReadDeadline(time.Time{})
	if broken == nil {
		broken = f.cutShort()
	}
	end.State = "done"
	if broken != nil {
		p := problemOf(broken)
		end.State, end.Problem, end.ResumeAt = "broken", &p, f.last+1
	}
	text, err := json.Marshal(end)
	if err == nil { // strings and numbers always marshal
		_ = f.tell(append(text, '\n')) // a caller that hung up is none of our business
	}
	_ = f.control.SetWriteDeadline(time.Time{})
	return nil
}

// loadsEnd is the last line of an answer.
type loadsEnd struct {
	State    string   `json:"state"`
	Lines    int64    `json:"lines"`
	Loaded   int64    `json:"loaded"`
	Refused  int64    `json:"refused"`
	ResumeAt int64    `json:"resumeAt,omitempty"`
	Problem  *problem `json:"problem,omitempty"`
}

// loadResult is what became of one line.
type loadResult struct {
	Line       int64    `json:"line"`
	ExternalID string   `json:"externalId,omitempty"`
	Status     int      `json:"status"`
	ID         string   `json:"id,omitempty"`
	Owned      []string `json:"owned,omitempty"`
	Problem    *problem `json:"problem,omitempty"`
}

func (s *server) loadLines(ctx context.Context, f *flow, lines <-chan Line) (end loadsEnd, err error) {
	for more := true; more; {
		p := &part{}
		if more = f.cut(ctx, lines, p); len(p.lines) == 0 {
			continue
		}
		results := make([]loadResult, len(p.lines))
		f.safely(ctx, p, func() { p.err = s.loadPart(ctx, f, p.lines, results) })
		if p.err != nil {
			return end, p.err
		}
		var text []byte
		for _, r := range results {
			end.Lines++
			if r.Problem != nil {
				end.Refused++
			} else {
				end.Loaded++
			}
			line, err := json.Marshal(r)
			if err != nil {
				return end, err
			}
			text = append(append(text, line...), '\n')
		}
		if err := f.tell(text); err != nil {
			return end, fault.Wrap(fault.Cancelled, "the answers were not taken", err)
		}
		f.last = p.lines[len(p.lines)-1].Number
	}
	return end, nil
}

// loadPart loads the lines that can be read; the others are answered with what is wrong with them.
func (s *server) loadPart(ctx context.Context, f *flow, lines []Line, results []loadResult) error {
	var loads []desk.Load
	var at []int
	for i, line := range lines {
		results[i] = loadResult{Line: line.Number, Status: http.StatusOK}
		load, externalID, bad := s.readLoad(line)
		results[i].ExternalID = externalID
		if bad != nil {
			results[i].Status, results[i].Problem = bad.Status, bad
			continue
		}
		loads, at = append(loads, load), append(at, i)
	}
	done, err := s.Customers.Load(ctx, s.cfg.Clock(), f.who, loads)
	if err != nil {
		return err
	}
	for k, d := range done {
		r := &results[at[k]]
		if d.Err != nil {
			p := problemOf(d.Err)
			r.Status, r.Problem = p.Status, &p
			continue
		}
		r.Owned = groupsView(d.Left)
		switch {
		case d.Person != nil:
			r.ID = d.Person.ID.String()
		case d.Account != nil:
			r.ID = d.Account.ID.String()
		case d.Premise != nil:
			r.ID = d.Premise.ID.String()
		case d.Agreement != nil:
			r.ID = d.Agreement.ID.String()
		}
	}
	return nil
}

// loadLine is a line as it is read first: what it holds is read by the contract of its PUT.
type loadLine struct {
	ExternalID string          `json:"externalId"`
	Person     json.RawMessage `json:"person"`
	Account    json.RawMessage `json:"account"`
	Premise    json.RawMessage `json:"premise"`
	Agreement  json.RawMessage `json:"agreement"`
}

// readLoad reads one line, or says in full what is wrong with it.
func (s *server) readLoad(line Line) (load desk.Load, externalID string, bad *problem) {
	refused := func(wrong ...fault.Violation) (desk.Load, string, *problem) {
		p := problemOf(fault.Refuse(wrong...))
		return desk.Load{}, externalID, &p
	}
	if line.TooLong {
		p := tooLarge(s.Intake.MaxLine())
		return load, "", &p
	}
	var l loadLine
	d := json.NewDecoder(bytes.NewReader(line.Body))
	d.DisallowUnknownFields()
	if err := d.Decode(&l); err != nil {
		if !json.Valid(line.Body) {
			p := malformed()
			return load, "", &p
		}
		return refused(fault.Violation{Field: "", Reason: "has externalId, and one of person, account, premise and agreement"})
	}
	if right, err := regexp.MatchString(`^[!-~]{1,100}$`, l.ExternalID); err != nil || !right {
		return refused(fault.Violation{Field: "/externalId", Reason: "must have 1 to 100 visible characters of ASCII"})
	}
	externalID = l.ExternalID
	load, wrong := s.loadOf(l)
	if wrong != nil {
		return refused(wrong...)
	}
	return load, externalID, nil
}

// decodable is a request as the contract describes it.
type decodable interface {
	Decode(d *jx.Decoder) error
	Validate() error
}

// shaped reads one object of a line by the contract of the operation that takes it alone.
func (s *server) shaped(at, operation string, raw json.RawMessage, into decodable) []fault.Violation {
	d := jx.DecodeBytes(raw)
	if into.Decode(d) == nil && errors.Is(d.Skip(), io.EOF) && into.Validate() == nil {
		return nil
	}
	wrong := s.contract.operation(operation).wrongBody(raw)
	if len(wrong) == 0 {
		wrong = []fault.Violation{{Reason: "is not as described"}}
	}
	for i := range wrong {
		wrong[i].Field = at + wrong[i].Field
	}
	return wrong
}

func (s *server) loadOf(l loadLine) (load desk.Load, wrong []fault.Violation) {
	n := 0
	for _, raw := range []json.RawMessage{l.Person, l.Account, l.Premise, l.Agreement} {
		if raw != nil {
			n++
		}
	}
	switch {
	case n != 1:
		return load, []fault.Violation{{Field: "", Reason: "has one of person, account, premise and agreement"}}
	case l.Person != nil:
		var req api.PersonRequest
		if wrong = s.shaped("/person", "putPerson", l.Person, &req); wrong == nil {
			p, bad := personLoad(l.ExternalID, &req)
			load.Person, wrong = &p, bad
		}
	case l.Account != nil:
		var req api.AccountLoad
		if wrong = s.shaped("/account", "putAccount", l.Account, &req); wrong == nil {
			a := accountLoad(l.ExternalID, &req)
			load.Account = &a
		}
	case l.Premise != nil:
		var req api.PremiseLoad
		if wrong = s.shaped("/premise", "putPremise", l.Premise, &req); wrong == nil {
			p := premiseLoad(l.ExternalID, &req)
			load.Premise = &p
		}
	default:
		var req api.AgreementLoad
		if wrong = s.shaped("/agreement", "putAgreement", l.Agreement, &req); wrong == nil {
			a := agreementLoad(l.ExternalID, &req)
			load.Agreement = &a
		}
	}
	return load, wrong
}
