package rest

import (
	"compress/gzip"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"carillon/adapters/driving/api/intake"
	"carillon/adapters/driving/api/problem"
	"carillon/core/accept"
	"carillon/core/fault"
	"carillon/core/store"
)

// How a stream is cut into parts, each of which is one transaction.
const (
	maxPart      = 500
	maxPartBytes = 1 << 20
	quiet        = 5 * time.Millisecond  // a part goes when nothing came for so long,
	oldest       = 50 * time.Millisecond // or when its first line is so old
	patience     = time.Minute           // for a sender that neither sends nor takes answers
	lastWord     = 5 * time.Second       // for writing how the batch ended
)

func (s *server) bulkOperations() []operation {
	return []operation{
		op("acceptContacts", s.acceptContacts),
	}
}

// acceptContacts takes a stream of contacts in and answers it line by line.
func (s *server) acceptContacts(ctx context.Context, c call[nothing]) (answer[nothing], error) {
	w := c.writer
	f := &flow{
		s: s, w: w, control: http.NewResponseController(w), exchange: c.exchange, only: c.Given("validate"), began: c.now,
	}
	_ = f.control.EnableFullDuplex() // what cannot do it does it already, or is a test's recorder
	body, err := f.open(c.stream, c.Text("Content-Encoding"))
	if err != nil {
		return failed[nothing](err)
	}
	if !f.only {
		id := c.Text("batch")
		if id == "" {
			id = newBatchID(f.began)
		}
		b := accept.NewBatch(c.caller, id)
		b.StartedAt, b.TouchedAt = f.began, f.began
		if err := s.Intake.Mark(ctx, b); err != nil {
			return failed[nothing](err)
		}
		f.batch = &b
		w.Header().Set("Carillon-Batch", id)
	}
	w.Header().Set("Content-Type", ndjson)
	w.Header().Set("Cache-Control", "no-store")
	f.run(ctx, body)
	return streamed(), nil
}

// ndjson is the media type of a stream of JSON, one value a line.
const ndjson = "application/x-ndjson"

func newBatchID(now time.Time) string {
	var random [6]byte
	_, _ = rand.Read(random[:]) // never fails
	return now.UTC().Format("20060102T150405") + "-" + hex.EncodeToString(random[:])
}

// flow is one stream on its way: one reads lines, one cuts them into parts and prepares each on all cores, one commits
// part after part, and the handler itself writes the answers. Each waits for the next, so that what is read and not
// answered is bounded; the next part is prepared while one commits, and they commit in the order of the lines.
type flow struct {
	s        *server
	w        http.ResponseWriter
	control  *http.ResponseController
	exchange *exchange
	only     bool
	batch    *store.IntakeBatch // nil of a stream that is only checked
	began    time.Time

	end     ContactsEnd // the last line
	last    int64       // the last line that was answered
	readErr error       // why reading ended early
	ending  ending      // why no more parts came; read it when the parts have ended
}

// ContactsEnd is the last line of an answer.
type ContactsEnd struct {
	Batch    string            `json:"batch,omitzero"`
	State    string            `json:"state"`
	Lines    int64             `json:"lines"`
	Accepted int64             `json:"accepted"`
	Replayed int64             `json:"replayed"`
	Refused  int64             `json:"refused"`
	ResumeAt int64             `json:"resumeAt,omitzero"`
	Problem  *problem.Document `json:"problem,omitzero"`
}

// ending is why no more parts came.
type ending uint8

const (
	stopped  ending = iota + 1 // we are stopping
	complete                   // every line that came is in a part
	unread                     // the body could not be read to its end
)

// part is lines that are taken in together.
type part struct {
	lines   []intake.Line
	ready   *intake.Prepared
	results []intake.Result
	err     error
}

// open is the body as it is to be read: unpacked, and patient.
func (f *flow) open(body io.Reader, encoding string) (io.Reader, error) {
	body = patient{body, f.control}
	switch strings.ToLower(encoding) {
	case "", "identity":
		return body, nil
	case "gzip":
		unpacked, err := gzip.NewReader(body)
		if err != nil {
			return nil, fault.Refuse(fault.Violation{Field: "header/Content-Encoding", Reason: "says gzip, and the body is not"})
		}
		return unpacked, nil
	}
	return nil, fault.Refuse(fault.Violation{Field: "header/Content-Encoding", Reason: "must be gzip, or left out"})
}

// patient gives each read its own deadline: a stream may take hours, a sender that is gone may not.
type patient struct {
	from    io.Reader
	control *http.ResponseController
}

// Read implements io.Reader.
func (p patient) Read(b []byte) (int, error) {
	_ = p.control.SetReadDeadline(time.Now().Add(patience))
	return p.from.Read(b)
}

// run takes the stream in and answers it to the end.
func (f *flow) run(ctx context.Context, body io.Reader) {
	ctx, stop := context.WithCancel(ctx)
	lines, prepared, answered := make(chan intake.Line, readAhead), make(chan *part), make(chan *part)
	var all sync.WaitGroup
	all.Go(func() { f.read(ctx, body, lines) })
	all.Go(func() { f.gather(ctx, lines, prepared) })
	all.Go(func() { f.commit(ctx, prepared, answered) })
	broken := f.answer(answered)
	stop()
	_ = f.control.SetReadDeadline(time.Unix(1, 0)) // whoever still waits for the sender waits no more
	all.Wait()
	_ = f.control.SetReadDeadline(time.Time{})
	f.finish(context.WithoutCancel(ctx), broken)
	_ = f.control.SetWriteDeadline(time.Time{}) // the connection may serve another request
}

// readAhead is how many lines are read that no part has taken yet.
const readAhead = 64

// read hands on line after line.
func (f *flow) read(ctx context.Context, body io.Reader, lines chan<- intake.Line) {
	defer close(lines)
	from := newLineReader(body, f.s.Intake.MaxLine())
	for {
		line, err := from.next()
		if err != nil {
			if !errors.Is(err, io.EOF) {
				f.readErr = err
			}
			return
		}
		select {
		case lines <- line:
		case <-ctx.Done():
			return
		}
	}
}

// gather cuts the lines into parts and prepares them.
func (f *flow) gather(ctx context.Context, lines <-chan intake.Line, to chan<- *part) {
	defer close(to)
	for more := true; more; {
		p := &part{}
		if more = f.cut(ctx, lines, p); len(p.lines) == 0 {
			continue
		}
		f.safely(ctx, p, func() { p.ready, p.err = f.s.Intake.Prepare(ctx, f.exchange.caller, p.lines) })
		if !send(ctx, to, p) || p.err != nil {
			return
		}
	}
}

// commit writes part after part, to the first that cannot be written.
func (f *flow) commit(ctx context.Context, from <-chan *part, to chan<- *part) {
	defer close(to)
	for p := range from {
		if p.err == nil {
			f.safely(ctx, p, func() { p.results, p.err = f.write(ctx, p.ready) })
		}
		if !send(ctx, to, p) || p.err != nil {
			return
		}
	}
}

func (f *flow) write(ctx context.Context, ready *intake.Prepared) ([]intake.Result, error) {
	if f.only {
		return ready.Validate(ctx)
	}
	batch := *f.batch
	return ready.Accept(ctx, &batch)
}

// safely makes a panic the part's failure.
func (f *flow) safely(ctx context.Context, p *part, do func()) {
	defer func() {
		if v := recover(); v != nil {
			p.err = problem.Panicked(v)
			told := problem.Of(p.err)
			f.s.loud(ctx, f.exchange.operation, &told, p.err)
		}
	}()
	do()
}

// send hands a part on; false when nobody wants it any more.
func send(ctx context.Context, to chan<- *part, p *part) bool {
	select {
	case to <- p:
		return true
	case <-ctx.Done():
		return false
	}
}

// cut takes lines until the part is full or nothing comes; false when nothing will come any more.
func (f *flow) cut(ctx context.Context, lines <-chan intake.Line, p *part) bool {
	still := time.NewTimer(time.Hour)
	defer still.Stop()
	var first time.Time
	for size := 0; len(p.lines) < maxPart && size < maxPartBytes; {
		line, why := f.next(ctx, lines, still.C)
		switch why {
		case came:
		case pause:
			return true
		default:
			return false
		}
		p.lines, size = append(p.lines, line), size+len(line.Body)
		if first.IsZero() {
			first = time.Now()
		} else if len(p.lines)%intake.Chunk == 0 && time.Since(first) > oldest {
			return true
		}
		still.Reset(quiet)
	}
	return true
}

// What waiting for a line brings.
const (
	came   = iota // the line
	pause         // none for a while
	nobody        // none will come
)

// next waits for a line. Stopping goes before lines that are there.
func (f *flow) next(ctx context.Context, lines <-chan intake.Line, still <-chan time.Time) (intake.Line, int) {
	select {
	case <-f.s.cfg.Stopping:
		f.ending = stopped
		return intake.Line{}, nobody
	default:
	}
	select {
	case line, open := <-lines:
		switch {
		case open:
			return line, came
		case f.readErr != nil:
			f.ending = unread
		default:
			f.ending = complete
		}
	case <-still:
		return intake.Line{}, pause
	case <-f.s.cfg.Stopping:
		f.ending = stopped
	case <-ctx.Done():
	}
	return intake.Line{}, nobody
}

// answer writes the results in the order of the lines, and returns why it stopped before the end.
func (f *flow) answer(parts <-chan *part) error {
	for p := range parts {
		if p.err != nil {
			return p.err
		}
		var text []byte
		for _, r := range p.results {
			text = append(append(text, r.Body...), '\n')
			f.count(r)
		}
		if err := f.tell(text); err != nil {
			return fault.Wrap(fault.Cancelled, "the answers were not taken", err)
		}
		f.last = p.lines[len(p.lines)-1].Number
	}
	return nil
}

func (f *flow) count(r intake.Result) {
	f.end.Lines++
	switch r.Outcome {
	case intake.LineAccepted:
		f.end.Accepted++
	case intake.LineReplayed:
		f.end.Replayed++
	default:
		f.end.Refused++
	}
	if !f.only {
		f.s.cfg.Lines(intake.PathBulk, r.Outcome, 1)
	}
}

func (f *flow) tell(text []byte) error {
	_ = f.control.SetWriteDeadline(time.Now().Add(patience))
	if _, err := f.w.Write(text); err != nil {
		return err
	}
	if err := f.control.Flush(); !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	return nil
}

// finish writes the last line, and how the batch ended.
func (f *flow) finish(ctx context.Context, broken error) {
	if broken == nil {
		broken = f.cutShort()
	}
	state := store.BatchDone
	if broken != nil {
		state = store.BatchBroken
		p := problem.Of(broken)
		f.end.Problem, f.end.ResumeAt = &p, f.last+1
	}
	f.end.State = state.String()
	if f.batch != nil {
		f.end.Batch = f.batch.ID
		ctx, cancel := context.WithTimeout(ctx, lastWord)
		defer cancel()
		b := *f.batch
		b.State, b.EndedAt = state, f.s.cfg.Clock()
		b.TouchedAt = b.EndedAt
		if err := f.s.Intake.Mark(ctx, b); err != nil {
			f.s.cfg.Log.WarnContext(ctx, "how a batch of contacts ended could not be written", slog.String("kind", fault.KindOf(err).String()))
		}
	}
	text, err := json.Marshal(f.end)
	if err != nil { // strings and numbers always marshal
		return
	}
	_ = f.tell(append(text, '\n')) // a caller that hung up is none of our business
}

// cutShort is why the stream ended before its end, though everything that was taken was answered.
func (f *flow) cutShort() error {
	switch f.ending {
	case complete:
		return nil
	case unread:
		return fault.Wrap(fault.Invalid, "the body could not be read to its end", f.readErr)
	case stopped:
	}
	return fault.New(fault.Cancelled, "the gateway is stopping")
}
