package rest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"regexp"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-faster/jx"

	"carillon/adapters/driving/rest/internal/api"
	"carillon/contracts"
	"carillon/core/accept"
	"carillon/core/access"
	"carillon/core/fault"
	"carillon/core/store"
)

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

// Intake takes in contacts that come many at a time, each as the JSON that POST /v1/contacts takes: the lines of a file,
// the records of a Kafka partition. It is safe for use by many goroutines.
type Intake struct {
	cfg  Config
	core Accepter
	lots Lots
	body *operation
	key  *regexp.Regexp
}

// NewIntake makes an intake over the use cases; of cfg it takes the clock, the log and, for a line, the size of a body.
func NewIntake(cfg Config, core Accepter, lots Lots) (*Intake, error) {
	if cfg.MaxBody == 0 {
		cfg.MaxBody = defaultMaxBody
	}
	c, err := readContract(contracts.OpenAPI())
	if err := errors.Join(err, cfg.check()); err != nil {
		return nil, fmt.Errorf("making the intake: %w", err)
	}
	return &Intake{cfg: cfg, core: core, lots: lots, body: c.operation(acceptContact), key: regexp.MustCompile(keyPattern)}, nil
}

// MaxLine is how many bytes a line may have.
func (in *Intake) MaxLine() int64 { return in.cfg.MaxBody }

// keyPattern is what an idempotency key looks like, as the contract says.
const keyPattern = `^[!-~]{1,200}$`

// Line is one contact to take in.
type Line struct {
	Number  int64   // of a file's line; 0 leaves it out of the result
	Record  *Record // of a record
	Key     string  // the idempotency key that came beside the body; empty: the body names it
	Body    []byte
	TooLong bool // there was more of it than may be, and Body is not whole
}

// Record is where a record stands.
type Record struct {
	Partition int32 `json:"partition"`
	Offset    int64 `json:"offset"`
}

// Result is what became of a line.
type Result struct {
	Outcome string // one of [LineOutcomes]
	Status  int    // as POST /v1/contacts would have answered
	Key     string // the line's idempotency key, where it could be read
	Body    []byte // a JSON object
}

// Take takes the lines in, as one transaction. The results stand in the order of the lines. The error is of all of them:
// fault.Unavailable when nothing was stored, fault.Ambiguous when nobody knows.
func (in *Intake) Take(ctx context.Context, p access.Principal, lines []Line) ([]Result, error) {
	ready, err := in.prepare(ctx, p, lines)
	if err != nil {
		return nil, err
	}
	return ready.accept(ctx, nil)
}

// prepared is lines that are read and decided, and not written.
type prepared struct {
	at       time.Time
	lines    []Line
	requests []accept.Request
	refused  []*problem // of each line, why it could not be read
	lot      *accept.Lot
}

// prepare reads and decides lines on all cores.
func (in *Intake) prepare(ctx context.Context, p access.Principal, lines []Line) (*prepared, error) {
	n := len(lines)
	ready := &prepared{at: in.cfg.Clock(), lines: lines, requests: make([]accept.Request, n), refused: make([]*problem, n)}
	spread(n, func(i int) {
		defer in.caught(ctx, &ready.refused[i])
		ready.requests[i], ready.refused[i] = in.read(ctx, ready.at, p, lines[i])
	})
	var err error
	if ready.lot, err = in.lots.Gather(ctx, ready.at, p, ready.requests); err != nil {
		return nil, err
	}
	spread(n, func(i int) {
		defer func() {
			if ready.refused[i] != nil {
				ready.lot.Refuse(i, fault.New(fault.Invalid, "it could not be read"))
			}
		}()
		defer in.caught(ctx, &ready.refused[i])
		if ready.refused[i] == nil {
			ready.lot.Prepare(ctx, i)
		}
	})
	return ready, nil
}

// accept writes what can be accepted, with the progress of the batch it belongs to.
func (r *prepared) accept(ctx context.Context, batch *store.IntakeBatch) ([]Result, error) {
	if batch != nil {
		batch.TouchedAt = r.at
	}
	decided, err := r.lot.Accept(ctx, batch)
	return r.results(decided, false), err
}

// validate says what would become of the lines.
func (r *prepared) validate(ctx context.Context) ([]Result, error) {
	decided, err := r.lot.Validate(ctx)
	return r.results(decided, true), err
}

func (r *prepared) results(decided []accept.Decision, only bool) []Result {
	results := make([]Result, len(decided))
	spread(len(decided), func(i int) { results[i] = resultOf(r.lines[i], r.requests[i].Key, decided[i], r.refused[i], only) })
	return results
}

// caught makes the panic of one line its answer: the others are not to suffer. What it was about is not told, for it may
// hold anything.
func (in *Intake) caught(ctx context.Context, to **problem) {
	v := recover()
	if v == nil {
		return
	}
	err := panicked(v)
	attrs := []slog.Attr{slog.String("error", err.Error())}
	if p, ok := errors.AsType[*panicError](err); ok {
		attrs = append(attrs, slog.String("stack", string(p.stack)))
	}
	in.cfg.Log.LogAttrs(ctx, slog.LevelError, "a line failed by a mistake of ours", attrs...)
	p := problemOf(err)
	*to = &p
}

// chunk is how many lines a core takes at once.
const chunk = 16

// spread does n things on all cores.
func spread(n int, do func(i int)) {
	var next atomic.Int64
	work := func() {
		for {
			from := int(next.Add(chunk)) - chunk
			if from >= n {
				return
			}
			for i := from; i < min(from+chunk, n); i++ {
				do(i)
			}
		}
	}
	var all sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0)-1, (n-1)/chunk) {
		all.Go(work)
	}
	work()
	all.Wait()
}

// read reads one line, or says in full what is wrong with it.
func (in *Intake) read(ctx context.Context, now time.Time, p access.Principal, line Line) (accept.Request, *problem) {
	if line.TooLong {
		return refuse("", tooLarge(in.cfg.MaxBody))
	}
	key, body := line.Key, line.Body
	var wrong []fault.Violation
	if key == "" {
		var ok bool
		if key, body, wrong, ok = split(line.Body); !ok {
			return refuse("", malformed())
		}
	}
	if wrong == nil && !in.key.MatchString(key) {
		wrong = []fault.Violation{{Field: "/key", Reason: "must have 1 to 200 visible characters of ASCII"}}
	}
	var req api.ContactRequest
	if !decoded(&req, body) {
		if !json.Valid(body) {
			return refuse("", malformed())
		}
		wrong = append(wrong, in.body.wrongBody(body)...)
		if len(wrong) == 0 {
			wrong = append(wrong, fault.Violation{Field: "", Reason: "is not as described"})
		}
		if r, ok := whatIsRight(body, wrong); ok {
			wrong = alsoWrong(ctx, in.core, now, p, r, wrong)
		}
		return refuse(key, problemOf(fault.Refuse(wrong...)))
	}
	request, unread := contactRequest(&req, key)
	if wrong = append(wrong, unread...); wrong != nil {
		wrong = alsoWrong(ctx, in.core, now, p, request, wrong)
		return refuse(key, problemOf(fault.Refuse(wrong...)))
	}
	return request, nil
}

func refuse(key string, p problem) (accept.Request, *problem) { return accept.Request{Key: key}, &p }

// decoded reports whether the body is one request as the contract describes it.
func decoded(req *api.ContactRequest, body []byte) bool {
	d := jx.DecodeBytes(body)
	return req.Decode(d) == nil && ended(d) && req.Validate() == nil
}

// ended reports whether nothing stands behind what was decoded.
func ended(d *jx.Decoder) bool { return errors.Is(d.Skip(), io.EOF) }

// split takes the key out of a line; what remains is the contact alone. ok is false when the line is no JSON object.
func split(line []byte) (key string, body []byte, wrong []fault.Violation, ok bool) {
	body = append(make([]byte, 0, len(line)), '{')
	d, there := jx.DecodeBytes(line), false
	if d.Next() != jx.Object {
		return "", nil, nil, false
	}
	err := d.ObjBytes(func(d *jx.Decoder, name []byte) error {
		if string(name) == "key" {
			there = true
			if d.Next() != jx.String {
				wrong = []fault.Violation{{Field: "/key", Reason: "must be of type string"}}
				return d.Skip()
			}
			var err error
			key, err = d.Str()
			return err
		}
		if len(body) > 1 {
			body = append(body, ',')
		}
		e := jx.Encoder{}
		e.SetBytes(body)
		e.ByteStr(name)
		body = append(e.Bytes(), ':')
		raw, err := d.Raw()
		body = append(body, raw...)
		return err
	})
	if err != nil || !ended(d) {
		return "", nil, nil, false
	}
	if !there {
		wrong = []fault.Violation{{Field: "/key", Reason: "is required"}}
	}
	return key, append(body, '}'), wrong, true
}

// resultLine is a result as it is written.
type resultLine struct {
	Line int64 `json:"line,omitempty"`
	*Record
	Key        string        `json:"key,omitempty"`
	Status     int           `json:"status"`
	Contact    string        `json:"contact,omitempty"`
	Reference  string        `json:"reference,omitempty"`
	AcceptedAt string        `json:"acceptedAt,omitempty"`
	Messages   []messageLine `json:"messages,omitempty"`
	Replayed   bool          `json:"replayed,omitempty"`
	Problem    *problem      `json:"problem,omitempty"`
}

type messageLine struct {
	ID         string `json:"id,omitempty"`
	Step       int16  `json:"step"`
	Channel    string `json:"channel"`
	Suppressed string `json:"suppressed,omitempty"`
}

// stampFormat is how answers write a moment.
const stampFormat = "2006-01-02T15:04:05.000000Z07:00"

func resultOf(line Line, key string, d accept.Decision, refused *problem, only bool) Result {
	out := resultLine{Line: line.Number, Record: line.Record, Key: key, Status: http.StatusAccepted, Problem: refused}
	if refused == nil && d.Err != nil {
		p := problemOf(d.Err)
		out.Problem = &p
	}
	if out.Problem != nil {
		out.Status = out.Problem.Status
	} else {
		a := d.Answer
		out.Reference, out.Replayed = a.Reference, a.Replayed
		if a.Contact != 0 {
			out.Contact = a.Contact.String()
		}
		if !a.AcceptedAt.IsZero() {
			out.AcceptedAt = a.AcceptedAt.UTC().Format(stampFormat)
		}
		for _, m := range a.Messages {
			one := messageLine{Step: m.Step, Channel: string(m.Channel), Suppressed: m.Suppressed}
			if !m.ID.IsZero() {
				one.ID = m.ID.String()
			}
			out.Messages = append(out.Messages, one)
		}
		if only && !a.Replayed {
			out.Status = http.StatusOK
		}
	}
	text, err := json.Marshal(out)
	if err != nil { // strings and numbers always marshal
		text = []byte("{}")
	}
	return Result{Outcome: out.outcome(), Status: out.Status, Key: key, Body: text}
}

func (r resultLine) outcome() string {
	switch {
	case r.Problem == nil && r.Replayed:
		return LineReplayed
	case r.Problem == nil:
		return LineAccepted
	case r.Status == http.StatusConflict:
		return LineConflict
	case r.Status < http.StatusInternalServerError:
		return LineRefused
	}
	return LineFailed
}
