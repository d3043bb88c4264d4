package rest

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"runtime"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/ogen-go/ogen/ogenerrors"

	"carillon/core/fault"
)

// problem is a problem document (RFC 9457) with the headers that go with it.
type problem struct {
	Type     string       `json:"type"`
	Title    string       `json:"title"`
	Status   int          `json:"status"`
	Detail   string       `json:"detail,omitempty"`
	Instance string       `json:"instance,omitempty"`
	Errors   []wrongField `json:"errors,omitempty"`

	wait  time.Duration
	allow string
}

type wrongField struct {
	Field  string `json:"field"`
	Reason string `json:"reason"`
}

// typePrefix begins every problem type; a kind's word, or one of the few words of HTTP itself, follows.
const typePrefix = "urn:carillon:problem:"

// row is one row of the table from the kind of a failure to its answer.
type row struct {
	status int
	title  string
}

// statusOf is that table.
func statusOf(kind fault.Kind) row {
	table := map[fault.Kind]row{
		fault.Unknown:       {http.StatusInternalServerError, "A mistake of ours."},
		fault.Invalid:       {http.StatusUnprocessableEntity, "The request can never be done as asked."},
		fault.NotFound:      {http.StatusNotFound, "There is no such thing, or not for this caller."},
		fault.Conflict:      {http.StatusConflict, "It conflicts with what is there."},
		fault.Forbidden:     {http.StatusForbidden, "The caller may not."},
		fault.Unauthorized:  {http.StatusUnauthorized, "Nobody we know is asking."},
		fault.Suppressed:    {http.StatusUnprocessableEntity, "The contact point may not be reached."},
		fault.Refused:       {http.StatusUnprocessableEntity, "The provider refuses it for good."},
		fault.Throttled:     {http.StatusTooManyRequests, "Slow down."},
		fault.Exhausted:     {http.StatusServiceUnavailable, "A quota is used up."},
		fault.Misconfigured: {http.StatusServiceUnavailable, "Something is set up wrong on our side."},
		fault.Unavailable:   {http.StatusServiceUnavailable, "Not now."},
		fault.Cancelled:     {http.StatusServiceUnavailable, "It was stopped before it was done."},
		fault.Ambiguous:     {http.StatusBadGateway, "It may have been done; the answer was lost."},
	}
	if r, listed := table[kind]; listed {
		return r
	}
	return table[fault.Unknown]
}

// problemOf is the document of a failure. Only the text of a fault is shown: it is free of personal data by contract.
func problemOf(err error) problem {
	kind := fault.KindOf(err)
	r := statusOf(kind)
	p := problem{Type: typePrefix + kind.String(), Title: r.title, Status: r.status, wait: fault.WaitOf(err)}
	var f *fault.Error
	if kind == fault.Unknown || !errors.As(err, &f) {
		return p
	}
	p.Detail = f.Text
	for _, v := range f.Violations {
		p.Errors = append(p.Errors, wrongField(v))
	}
	return p
}

// plainly is the document of a failure that HTTP has its own status for.
func plainly(status int, word, title string) problem {
	return problem{Type: typePrefix + word, Title: title, Status: status}
}

func malformed() problem {
	return plainly(http.StatusBadRequest, "malformed", "The body is no JSON.")
}

func tooLarge(limit int64) problem {
	p := plainly(http.StatusRequestEntityTooLarge, "too_large", "The body is too large.")
	p.Detail = fmt.Sprintf("a body may have %d bytes", limit)
	return p
}

func wrongMediaType(right string) problem {
	p := plainly(http.StatusUnsupportedMediaType, "unsupported_media_type", "The body is not of the media type asked for.")
	p.Detail = "send Content-Type: " + right
	return p
}

// notFound answers for paths that are not there.
func (s *server) notFound(w http.ResponseWriter, _ *http.Request) {
	p := problemOf(fault.New(fault.NotFound, "there is no such path"))
	s.write(w, p)
}

// methodNotAllowed answers for methods that a path does not have.
func (s *server) methodNotAllowed(w http.ResponseWriter, _ *http.Request, allowed string) {
	p := plainly(http.StatusMethodNotAllowed, "method_not_allowed", "The path has no such method.")
	p.allow = allowed
	s.write(w, p)
}

// fail answers for everything the generated server and the use cases refuse.
func (s *server) fail(ctx context.Context, w http.ResponseWriter, r *http.Request, err error) {
	var secure *ogenerrors.SecurityError
	var params *ogenerrors.DecodeParamsError
	var body *ogenerrors.DecodeRequestError
	var p problem
	switch {
	case errors.As(err, &secure):
		if errors.Is(err, ogenerrors.ErrSecurityRequirementIsNotSatisfied) {
			err = fault.New(fault.Unauthorized, "send Authorization: Bearer and your key")
		}
		p = problemOf(err)
	case errors.As(err, &params):
		p = s.refusal(ctx, params.OperationID(), r, err)
	case errors.As(err, &body):
		p = s.refusal(ctx, body.OperationID(), r, err)
	default:
		p = problemOf(err)
	}
	s.loud(ctx, &p, err)
	s.write(w, p)
}

// loud logs a mistake of ours under a number that the caller is given as well.
func (s *server) loud(ctx context.Context, p *problem, err error) {
	if p.Status != http.StatusInternalServerError {
		return
	}
	var number [8]byte
	_, _ = rand.Read(number[:]) // never fails
	p.Instance = "urn:carillon:request:" + hex.EncodeToString(number[:])
	attrs := []slog.Attr{
		slog.String("operation", exchangeOf(ctx).operation), slog.String("instance", p.Instance),
		slog.String("error", err.Error()),
	}
	if panicked, ok := errors.AsType[*panicError](err); ok {
		attrs = append(attrs, slog.String("stack", string(panicked.stack)))
	}
	s.cfg.Log.LogAttrs(ctx, slog.LevelError, "request failed by a mistake of ours", attrs...)
}

// write sends a problem document.
func (s *server) write(w http.ResponseWriter, p problem) {
	h := w.Header()
	for _, name := range []string{"Location", "Etag", "Idempotency-Replayed", "Content-Length"} {
		h.Del(name) // of an answer that could not be written
	}
	h.Set("Content-Type", "application/problem+json")
	h.Set("Cache-Control", "no-store")
	if p.Status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", "Bearer")
	}
	if p.allow != "" {
		h.Set("Allow", p.allow)
	}
	if p.wait > 0 {
		h.Set("Retry-After", strconv.Itoa(int(math.Ceil(p.wait.Seconds()))))
	}
	text, err := json.Marshal(p)
	if err != nil { // strings and numbers always marshal
		text = []byte("{}")
	}
	w.WriteHeader(p.Status)
	_, _ = w.Write(text) // a caller that hung up is none of our business
}

// panicError is a panic as an error of kind Unknown. Its text says what the runtime says, and nothing of any other
// value: that may be anything.
type panicError struct {
	text  string
	stack []byte
}

// Error implements error.
func (e *panicError) Error() string { return "panic: " + e.text }

func panicked(value any) error {
	text := fmt.Sprintf("a value of type %T", value)
	var rt runtime.Error
	if err, ok := value.(error); ok && errors.As(err, &rt) {
		text = rt.Error()
	}
	return &panicError{text: text, stack: debug.Stack()}
}
