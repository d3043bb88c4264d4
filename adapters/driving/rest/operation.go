package rest

import (
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"reflect"
	"time"

	"carillon/adapters/driving/api/contract"
	"carillon/adapters/driving/api/problem"
	"carillon/core/access"
	"carillon/core/fault"
)

// call is one request to an operation: who asks, when, with what parameters, and its body as a B.
type call[B any] struct {
	*exchange
	body B
}

// nothing is the body of a request or an answer that has none.
type nothing struct{}

// exchange is what is known of a request while it is answered.
type exchange struct {
	contract.Values // the parameters, by their names

	operation *contract.Operation
	caller    access.Principal // the zero principal may do nothing
	now       time.Time        // when the request had been read
	request   *http.Request
	writer    http.ResponseWriter
	stream    io.ReadCloser // the body without its limit, for operations that take any length
}

// source is the source asked for, else the caller's own.
func (x *exchange) source() string {
	if asked := x.Text("source"); asked != "" {
		return asked
	}
	return x.caller.Source
}

// operation is one operation of the contract with what answers it.
type operation struct {
	id      string
	request reflect.Type   // of the body
	answers []reflect.Type // of the bodies
	bind    func(s *server, o *contract.Operation) func(*exchange) error
}

// op is an operation that takes a B and answers with an A; nothing is the type of what there is not.
func op[B, A any](id string, do func(context.Context, call[B]) (answer[A], error)) operation {
	return opTelling(id, do, nil)
}

// alsoWrong finds what else is wrong with a body that is refused already. It returns everything.
type alsoWrong func(x *exchange, body []byte, wrong []fault.Violation) []fault.Violation

// opTelling is an operation whose refusals tell more than the contract sees.
func opTelling[B, A any](id string, do func(context.Context, call[B]) (answer[A], error), more alsoWrong) operation {
	return operation{
		id: id, request: reflect.TypeFor[B](), answers: []reflect.Type{reflect.TypeFor[A]()},
		bind: func(s *server, o *contract.Operation) func(*exchange) error {
			bodies := contract.BodyOf[B](o.Body)
			return func(x *exchange) error {
				body, err := readCall(s, x, bodies, more)
				if err != nil {
					return err
				}
				a, err := do(x.request.Context(), call[B]{exchange: x, body: body})
				if err != nil {
					return err
				}
				return a.write(x.writer)
			}
		},
	}
}

// answering tells the types of the bodies of an operation that has several.
func (o operation) answering(bodies ...any) operation {
	o.answers = nil
	for _, b := range bodies {
		o.answers = append(o.answers, reflect.TypeOf(b))
	}
	return o
}

// refusal is a problem that has no kind of fault.
type refusal problem.Document

// Error implements error.
func (r *refusal) Error() string { return r.Title }

func refuse(p problem.Document) error { return (*refusal)(&p) }

// readCall reads the parameters and the body of a request, or says everything that is wrong with them.
func readCall[B any](s *server, x *exchange, bodies *contract.Body[B], more alsoWrong) (body B, err error) {
	var wrong []fault.Violation
	x.Values, wrong = x.operation.Parameters(x.request)
	var text []byte
	if x.operation.Media != "" {
		if text, err = s.readText(x); err != nil {
			return body, err
		}
	}
	if x.operation.Body != nil {
		var bad []fault.Violation
		if body, bad, err = bodies.Decode(text); err != nil {
			return body, refuse(problem.Malformed())
		}
		wrong = append(wrong, bad...)
	}
	x.now = s.cfg.Clock()
	if len(wrong) > 0 && more != nil {
		wrong = more(x, text, wrong)
	}
	if len(wrong) > 0 {
		return body, fault.Refuse(wrong...)
	}
	return body, nil
}

// readText reads the body of a request, when it is of the right media type; that of a stream its operation reads.
func (s *server) readText(x *exchange) ([]byte, error) {
	r, o := x.request, x.operation
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	left := o.Body != nil && o.Body.Optional() && r.ContentLength == 0
	if !left && (err != nil || media != o.Media) {
		return nil, refuse(problem.WrongMediaType(o.Media))
	}
	if o.Body == nil {
		return nil, nil
	}
	text, err := readAll(r.Body, min(r.ContentLength, s.cfg.MaxBody))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return nil, refuse(problem.TooLarge(s.cfg.MaxBody))
	case err != nil:
		return nil, refuse(problem.Malformed())
	}
	return text, nil
}

// readAll reads a body whose length is known, or is negative, in as few pieces as it takes.
func readAll(from io.Reader, length int64) ([]byte, error) {
	if length < 0 {
		return io.ReadAll(from)
	}
	text := make([]byte, length)
	if _, err := io.ReadFull(from, text); err != nil {
		return nil, err
	}
	if _, err := from.Read(make([]byte, 1)); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	return text, nil
}
