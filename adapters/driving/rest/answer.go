package rest

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	stdjson "encoding/json"
	"log/slog"
	"math"
	"net/http"
	"strconv"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	jsonv1 "github.com/go-json-experiment/json/v1"

	"carillon/adapters/driving/api/contract"
	"carillon/adapters/driving/api/problem"
	"carillon/core/fault"
)

// answer is what an operation answers with: a status, headers, and a body of type A.
type answer[A any] struct {
	status  int
	headers []header
	body    A
	text    []byte // the body as it is, where it is no JSON
	written bool   // the operation wrote it
}

type header struct{ name, value string }

// ok answers with 200 and a body.
func ok[A any](body A) answer[A] { return answer[A]{status: http.StatusOK, body: body} }

// done answers with 204 and nothing else.
func done() answer[nothing] { return answer[nothing]{status: http.StatusNoContent} }

// document answers with a text of a media type.
func document(media string, text []byte) answer[nothing] {
	return answer[nothing]{status: http.StatusOK, text: text}.with("Content-Type", media)
}

// failed is no answer.
func failed[A any](err error) (answer[A], error) { return answer[A]{}, err }

// streamed is the answer of an operation that wrote it itself.
func streamed() answer[nothing] { return answer[nothing]{written: true} }

// as is the answer with another status.
func (a answer[A]) as(status int) answer[A] {
	a.status = status
	return a
}

// with is the answer with a header.
func (a answer[A]) with(name, value string) answer[A] {
	a.headers = append(a.headers, header{name, value})
	return a
}

// revised is the answer with the revision of what it shows, for If-Match.
func (a answer[A]) revised(revision int64) answer[A] { return a.with("ETag", etag(revision)) }

// replayed is the answer that says whether it was given before.
func (a answer[A]) replayed(before bool) answer[A] {
	if !before {
		return a
	}
	return a.with("Idempotency-Replayed", "true")
}

// anyBody is the answer of an operation that has answers of several types.
func (a answer[A]) anyBody() answer[any] {
	return answer[any]{status: a.status, headers: a.headers, body: a.body, text: a.text, written: a.written}
}

func (a answer[A]) write(w http.ResponseWriter) error {
	if a.written {
		return nil
	}
	text := a.text
	if _, none := any(a.body).(nothing); !none {
		var err error
		if text, err = json.Marshal(a.body, answerOptions()); err != nil {
			return fault.Wrap(fault.Unknown, "writing an answer", err)
		}
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
	}
	for _, h := range a.headers {
		w.Header().Set(h.name, h.value)
	}
	if a.status != http.StatusNoContent {
		w.Header().Set("Content-Length", strconv.Itoa(len(text)))
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(text) // a caller that hung up is none of our business
	return nil
}

// answerOptions are how answers are written: maps in order, and lists that are empty left out where that is said.
func answerOptions() json.Options {
	return json.JoinOptions(json.Deterministic(true), jsonv1.OmitEmptyWithLegacySemantics(true))
}

// freeJSON is a value that may be anything as JSON; its numbers keep the form they were written in. Nothing is nothing.
func freeJSON(value any) (jsontext.Value, error) {
	if value == nil {
		return nil, nil
	}
	text, err := stdjson.Marshal(value)
	if err != nil {
		return nil, fault.Wrap(fault.Unknown, "writing a value", err)
	}
	return text, nil
}

// fail answers for everything that is refused or failed.
func (s *server) fail(ctx context.Context, w http.ResponseWriter, o *contract.Operation, err error) {
	if refused, ours := err.(*refusal); ours { //nolint:errorlint // it is never wrapped
		s.writeProblem(w, problem.Document(*refused))
		return
	}
	p := problem.Of(err)
	s.loud(ctx, o, &p, err)
	s.writeProblem(w, p)
}

// loud logs a mistake of ours under a number that the caller is given as well.
func (s *server) loud(ctx context.Context, o *contract.Operation, p *problem.Document, err error) {
	if p.Status != http.StatusInternalServerError {
		return
	}
	var number [8]byte
	_, _ = rand.Read(number[:]) // never fails
	p.Instance = "urn:carillon:request:" + hex.EncodeToString(number[:])
	attrs := []slog.Attr{slog.String("operation", o.ID), slog.String("instance", p.Instance)}
	s.cfg.Log.LogAttrs(ctx, slog.LevelError, "request failed by a mistake of ours",
		append(attrs, problem.Attributes(err)...)...)
}

// writeProblem sends a problem document.
func (s *server) writeProblem(w http.ResponseWriter, p problem.Document) {
	h := w.Header()
	for _, name := range []string{"Location", "Etag", "Idempotency-Replayed", "Content-Length"} {
		h.Del(name) // of an answer that could not be written
	}
	h.Set("Content-Type", problem.Media)
	h.Set("Cache-Control", "no-store")
	if p.Status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", "Bearer")
	}
	if p.Allow != "" {
		h.Set("Allow", p.Allow)
	}
	if p.Wait > 0 {
		h.Set("Retry-After", strconv.Itoa(int(math.Ceil(p.Wait.Seconds()))))
	}
	text, err := json.Marshal(p)
	if err != nil { // strings and numbers always marshal
		text = []byte("{}")
	}
	w.WriteHeader(p.Status)
	_, _ = w.Write(text) // a caller that hung up is none of our business
}
