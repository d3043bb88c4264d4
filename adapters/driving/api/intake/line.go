package intake

import (
	"net/http"

	"github.com/go-json-experiment/json"

	"carillon/adapters/driving/api/contract"
	"carillon/adapters/driving/api/problem"
	"carillon/core/accept"
	"carillon/core/message"
)

// Paths by which contacts and events come in, for metrics: a closed set.
const (
	PathSingle = "single"
	PathBulk   = "bulk"
	PathKafka  = "kafka"
)

// ContactPaths lists those by which contacts come in.
func ContactPaths() []string { return []string{PathSingle, PathBulk, PathKafka} }

// EventPaths lists those by which system events come in.
func EventPaths() []string { return []string{PathSingle, PathKafka} }

// Outcomes of a line, for metrics: a closed set.
const (
	LineAccepted = "accepted"
	LineReplayed = "replayed"
	LineConflict = "conflict"
	LineRefused  = "refused"
	LineFailed   = "failed" // by a mistake of ours
)

// LineOutcomes lists them.
func LineOutcomes() []string {
	return []string{LineAccepted, LineReplayed, LineConflict, LineRefused, LineFailed}
}

// Line is one contact or event to take in.
type Line struct {
	Number  int64   // of a line of a stream; 1 is the first
	Record  *Record // of a record
	Key     string  // the idempotency key that came beside the body; empty: the body names it
	Body    []byte
	TooLong bool // there was more of it than may be, and Body is not whole
}

// Record is where a record of a Kafka topic stands.
type Record struct {
	Partition int32 `json:"partition"`
	Offset    int64 `json:"offset"`
}

// Result is what became of a line.
type Result struct {
	Outcome string // one of [LineOutcomes]
	Status  int    // as a request of its own would have been answered
	Key     string // the line's idempotency key, where it could be read
	Body    []byte // a JSON object
}

// Poison reports whether the line could not be read at all.
func (r Result) Poison() bool { return r.Status == http.StatusBadRequest }

// ContactResult is what became of a line of a stream, as it is written.
type ContactResult struct {
	Line int64 `json:"line"`
	ContactOutcome
}

// RecordResult is what became of a record of the intake topic, as it is written.
type RecordResult struct {
	Record
	ContactOutcome
}

// ContactOutcome is what became of a contact that came with others.
type ContactOutcome struct {
	Key        string            `json:"key,omitzero"`
	Status     int               `json:"status"`
	Contact    string            `json:"contact,omitzero"`
	Reference  string            `json:"reference,omitzero"`
	AcceptedAt contract.Moment   `json:"acceptedAt,omitzero"`
	Messages   []LineMessage     `json:"messages,omitempty"`
	Replayed   bool              `json:"replayed,omitzero"`
	Problem    *problem.Document `json:"problem,omitzero"`
}

// LineMessage is a message that started with the contact of a line, or would have.
type LineMessage struct {
	ID         string          `json:"id,omitzero"`
	Step       int             `json:"step"`
	Channel    message.Channel `json:"channel"`
	Suppressed string          `json:"suppressed,omitzero"`
}

func contactResult(line Line, key string, d accept.Decision, refused *problem.Document, only bool) Result {
	out := ContactOutcome{Key: key, Status: http.StatusAccepted, Problem: problemOf(refused, d.Err)}
	if out.Problem != nil {
		out.Status = out.Problem.Status
	} else {
		out.tell(d.Answer)
		if only && !out.Replayed {
			out.Status = http.StatusOK
		}
	}
	r := Result{Outcome: outcomeOf(out.Problem, out.Replayed), Status: out.Status, Key: key}
	if line.Record != nil {
		r.Body = written(RecordResult{Record: *line.Record, ContactOutcome: out})
	} else {
		r.Body = written(ContactResult{Line: line.Number, ContactOutcome: out})
	}
	return r
}

// tell says what was accepted.
func (r *ContactOutcome) tell(a accept.Answer) {
	r.Reference, r.Replayed, r.AcceptedAt = a.Reference, a.Replayed, contract.Moment(a.AcceptedAt)
	if a.Contact != 0 {
		r.Contact = a.Contact.String()
	}
	for _, m := range a.Messages {
		one := LineMessage{Step: int(m.Step), Channel: m.Channel, Suppressed: m.Suppressed}
		if !m.ID.IsZero() {
			one.ID = m.ID.String()
		}
		r.Messages = append(r.Messages, one)
	}
}

// problemOf is why a line was refused, or could not be done; nil: it was done.
func problemOf(refused *problem.Document, err error) *problem.Document {
	if refused == nil && err != nil {
		return new(problem.Of(err))
	}
	return refused
}

func outcomeOf(p *problem.Document, replayed bool) string {
	switch {
	case p == nil && replayed:
		return LineReplayed
	case p == nil:
		return LineAccepted
	case p.Status == http.StatusConflict:
		return LineConflict
	case p.Status < http.StatusInternalServerError:
		return LineRefused
	}
	return LineFailed
}

// written is a result as JSON: texts and numbers always marshal.
func written(result any) []byte {
	text, err := json.Marshal(result)
	if err != nil {
		return []byte("{}")
	}
	return text
}
