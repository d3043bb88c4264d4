package rest

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"time"

	"carillon/adapters/driving/api/contract"
	"carillon/adapters/driving/api/intake"
	"carillon/adapters/driving/api/problem"
	"carillon/core/access"
	"carillon/core/desk/customers"
	"carillon/core/fault"
)

func (s *server) loadOperations() []operation {
	return []operation{
		op("loadCustomers", s.loadCustomers),
	}
}

// Loader takes objects from a CIS.
type Loader interface {
	// Load loads each alone; what is wrong with one stands in its answer.
	Load(ctx context.Context, now time.Time, p access.Principal, items []customers.Load) ([]customers.Loaded, error)
}

// loadCustomers takes a stream of customers in and answers it line by line: one reads lines, the handler loads part
// after part, each in one transaction, and answers it before it takes the next, so that what is read and not answered
// is bounded.
func (s *server) loadCustomers(ctx context.Context, c call[nothing]) (answer[nothing], error) {
	w := c.writer
	f := &flow{s: s, w: w, control: http.NewResponseController(w), exchange: c.exchange, began: c.now}
	_ = f.control.EnableFullDuplex() // what cannot do it does it already, or is a test's recorder
	body, err := f.open(c.stream, c.Text("Content-Encoding"))
	if err != nil {
		return failed[nothing](err)
	}
	w.Header().Set("Content-Type", ndjson)
	w.Header().Set("Cache-Control", "no-store")
	ctx, stop := context.WithCancel(ctx)
	lines := make(chan intake.Line, readAhead)
	var all sync.WaitGroup
	all.Go(func() { f.read(ctx, body, lines) })
	end, broken := newLoading(s, f).loadLines(ctx, lines)
	stop()
	_ = f.control.SetReadDeadline(time.Unix(1, 0)) // whoever still waits for the sender waits no more
	all.Wait()
	_ = f.control.SetReadDeadline(time.Time{})
	if broken == nil {
		broken = f.cutShort()
	}
	end.State = "done"
	if broken != nil {
		end.State, end.Problem, end.ResumeAt = "broken", new(problem.Of(broken)), f.last+1
	}
	text, err := json.Marshal(end)
	if err == nil { // strings and numbers always marshal
		_ = f.tell(append(text, '\n')) // a caller that hung up is none of our business
	}
	_ = f.control.SetWriteDeadline(time.Time{})
	return streamed(), nil
}

// LoadsEnd is the last line of an answer.
type LoadsEnd struct {
	State    string            `json:"state"`
	Lines    int64             `json:"lines"`
	Loaded   int64             `json:"loaded"`
	Refused  int64             `json:"refused"`
	ResumeAt int64             `json:"resumeAt,omitzero"`
	Problem  *problem.Document `json:"problem,omitzero"`
}

// LoadResult is what became of one line.
type LoadResult struct {
	Line       int64             `json:"line"`
	ExternalID string            `json:"externalId,omitzero"`
	Status     int               `json:"status"`
	ID         string            `json:"id,omitzero"`
	Owned      []string          `json:"owned,omitempty"`
	Problem    *problem.Document `json:"problem,omitzero"`
}

// LoadLine is one line of a load: one of person, account, premise and agreement.
type LoadLine struct {
	ExternalID string         `json:"externalId"`
	Person     *PersonRequest `json:"person,omitzero"`
	Account    *AccountLoad   `json:"account,omitzero"`
	Premise    *PremiseLoad   `json:"premise,omitzero"`
	Agreement  *AgreementLoad `json:"agreement,omitzero"`
}

// loading is a stream of customers on its way.
type loading struct {
	s    *server
	flow *flow
	line *contract.Body[LoadLine]
}

func newLoading(s *server, f *flow) *loading {
	return &loading{s: s, flow: f, line: contract.BodyOf[LoadLine](s.cfg.Contract.Object("LoadLine"))}
}

func (l *loading) loadLines(ctx context.Context, lines <-chan intake.Line) (end LoadsEnd, err error) {
	f := l.flow
	for more := true; more; {
		p := &part{}
		if more = f.cut(ctx, lines, p); len(p.lines) == 0 {
			continue
		}
		results := make([]LoadResult, len(p.lines))
		f.safely(ctx, p, func() { p.err = l.loadPart(ctx, p.lines, results) })
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
func (l *loading) loadPart(ctx context.Context, lines []intake.Line, results []LoadResult) error {
	var loads []customers.Load
	var at []int
	for i, line := range lines {
		results[i] = LoadResult{Line: line.Number, Status: http.StatusOK}
		load, externalID, bad := l.readLine(line)
		results[i].ExternalID = externalID
		if bad != nil {
			results[i].Status, results[i].Problem = bad.Status, bad
			continue
		}
		loads, at = append(loads, load), append(at, i)
	}
	done, err := l.s.Customers.Load(ctx, l.s.cfg.Clock(), l.flow.exchange.caller, loads)
	if err != nil {
		return err
	}
	for k, d := range done {
		r := &results[at[k]]
		if d.Err != nil {
			r.Problem = new(problem.Of(d.Err))
			r.Status = r.Problem.Status
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

// readLine reads one line, or says in full what is wrong with it.
func (l *loading) readLine(line intake.Line) (load customers.Load, externalID string, bad *problem.Document) {
	if line.TooLong {
		return load, "", new(problem.TooLarge(l.s.Intake.MaxLine()))
	}
	in, wrong, err := l.line.Decode(line.Body)
	if err != nil {
		return load, "", new(problem.Malformed())
	}
	if len(wrong) == 0 {
		load, wrong = in.load()
	}
	if len(wrong) > 0 {
		return load, namedBy(line.Body), new(problem.Of(fault.Refuse(wrong...)))
	}
	return load, in.ExternalID, nil
}

// namedBy is the external id of a line that is refused, wherever it stands in it; empty when it is none.
func namedBy(body []byte) string {
	var named struct {
		ExternalID string `json:"externalId"`
	}
	_ = json.Unmarshal(body, &named) // what is wrong with the line is told already
	id := named.ExternalID
	if id == "" || len(id) > 100 || strings.ContainsFunc(id, func(r rune) bool { return r < '!' || r > '~' }) {
		return ""
	}
	return id
}

// load is the object of a line as the core loads it.
func (l *LoadLine) load() (load customers.Load, wrong []fault.Violation) {
	n := 0
	if l.Person != nil {
		p, bad := personLoad(l.ExternalID, l.Person)
		load.Person, wrong = &p, bad
		n++
	}
	if l.Account != nil {
		load.Account = new(accountLoad(l.ExternalID, l.Account))
		n++
	}
	if l.Premise != nil {
		load.Premise = new(premiseLoad(l.ExternalID, l.Premise))
		n++
	}
	if l.Agreement != nil {
		load.Agreement = new(agreementLoad(l.ExternalID, l.Agreement))
		n++
	}
	if n != 1 {
		wrong = []fault.Violation{{Field: "", Reason: "has one of person, account, premise and agreement"}}
	}
	return load, wrong
}
