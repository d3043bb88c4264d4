// Package rest is the HTTP API: contracts/openapi.yaml, made into use cases.
//
// The contract says which operations there are, who may call them, and what a right request looks like (package
// contract). Each noun's file has the table of its operations with what answers them, its wire forms beside them, and
// the use cases that it needs as interfaces. What is here finds the operation and who asks; every failure becomes a
// problem document (package problem).
package rest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"

	"carillon/adapters/driving/api/contract"
	"carillon/adapters/driving/api/problem"
	"carillon/core/access"
	"carillon/core/fault"
)

// Config is how the API is served.
type Config struct {
	// Contract is the contract, as it was read.
	Contract *contract.Contract
	// MaxBody is how many bytes a request body may have; [DefaultMaxBody] when 0.
	MaxBody int64
	// Clock says what time it is.
	Clock func() time.Time
	// Log gets one line per request at debug, and a loud one for every mistake of ours. No line holds a person's data.
	Log *slog.Logger
	// Stopping is closed when streams are to end because the process does. It may be nil.
	Stopping <-chan struct{}
	// Lines is told what became of contacts: one at a time on path single, by the lines of a stream on path bulk. The
	// outcome is one of [intake.LineOutcomes]. It may be nil.
	Lines func(path, outcome string, n int)
	// Raised is told what became of system events, as Lines of contacts. It may be nil.
	Raised func(path, outcome string, n int)
	// Consumers shows the consumers of Kafka. It may be nil.
	Consumers func() []Consumer
	// Observe is told of every request, for metrics; the operation is from the contract, or [contract.NoOperation]. It
	// may be nil.
	Observe func(operation string, status int, took time.Duration)
}

// DefaultMaxBody is how many bytes a body may have, as the contract promises.
const DefaultMaxBody = 1 << 20

// New returns the API over the use cases.
func New(cfg Config, services Services) (http.Handler, error) {
	if cfg.MaxBody == 0 {
		cfg.MaxBody = DefaultMaxBody
	}
	if cfg.Observe == nil {
		cfg.Observe = func(string, int, time.Duration) {}
	}
	if cfg.Lines == nil {
		cfg.Lines = func(string, string, int) {}
	}
	if cfg.Raised == nil {
		cfg.Raised = func(string, string, int) {}
	}
	if err := errors.Join(cfg.check(), services.check()); err != nil {
		return nil, fmt.Errorf("serving the API: %w", err)
	}
	s := &server{Services: services, cfg: cfg, routes: http.NewServeMux()}
	if err := s.route(); err != nil {
		return nil, fmt.Errorf("serving the API: %w", err)
	}
	return s, nil
}

func (c Config) check() error {
	if c.Contract == nil || c.Clock == nil || c.Log == nil || c.MaxBody < 0 {
		return errors.New("a contract, a clock, a log and a body limit that is not negative are needed")
	}
	return nil
}

// server is the API.
type server struct {
	Services

	cfg    Config
	routes *http.ServeMux
}

// operations are all operations, noun by noun.
func (s *server) operations() []operation {
	return slices.Concat(
		s.contactOperations(),
		s.bulkOperations(),
		s.intakeBatchOperations(),
		s.messageOperations(),
		s.accountOperations(),
		s.administrationOperations(),
		s.agreementOperations(),
		s.breakerOperations(),
		s.callOperations(),
		s.cancellationOperations(),
		s.changeOperations(),
		s.depositOperations(),
		s.deskOperations(),
		s.eventOperations(),
		s.failureOperations(),
		s.fleetOperations(),
		s.healthOperations(),
		s.holdOperations(),
		s.laneOperations(),
		s.ledgerOperations(),
		s.loadOperations(),
		s.personOperations(),
		s.premiseOperations(),
		s.runOperations(),
		s.scriptOperations(),
		s.searchOperations(),
		s.suppressionOperations(),
		s.timelineOperations(),
		s.todoOperations(),
		s.versionOperations(),
	)
}

// hooksPath begins the paths that package hooks serves.
const hooksPath = "/v1/hooks/"

// route gives every operation of the contract its handler. One without the other is refused.
func (s *server) route() error {
	var wrong []error
	answered := make(map[string]bool)
	for _, op := range s.operations() {
		o := s.cfg.Contract.Operation(op.id)
		if o == nil || answered[op.id] {
			wrong = append(wrong, fmt.Errorf("%s is answered, and is not one operation of the contract", op.id))
			continue
		}
		answered[op.id] = true
		s.routes.Handle(o.Method+" "+o.Path, s.answering(o, op.bind(s, o)))
	}
	for _, id := range s.cfg.Contract.IDs() {
		if !answered[id] && !strings.HasPrefix(s.cfg.Contract.Operation(id).Path, hooksPath) {
			wrong = append(wrong, fmt.Errorf("nobody answers %s", id))
		}
	}
	s.routes.HandleFunc("/", s.noSuchRoute)
	return errors.Join(wrong...)
}

// answering is a handler that knows who asks, and answers for every failure.
func (s *server) answering(o *contract.Operation, serve func(*exchange) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x := exchangeOf(r.Context())
		x.operation, x.request, x.writer = o, r, w
		err := s.signIn(x)
		if err == nil {
			err = serve(x)
		}
		if err != nil {
			s.fail(r.Context(), w, o, err)
		}
	})
}

// signIn looks up who holds the key, and refuses an operation that none of its roles may call.
func (s *server) signIn(x *exchange) error {
	if x.operation.Open {
		return nil
	}
	scheme, key, _ := strings.Cut(x.request.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") || key == "" {
		return fault.New(fault.Unauthorized, "send Authorization: Bearer and your key")
	}
	var err error
	if x.caller, err = s.Keys.Principal(x.request.Context(), access.HashKey(key)); err != nil {
		return err
	}
	if !x.caller.Has(x.operation.Roles...) {
		return fault.New(fault.Forbidden, "this needs one of the roles "+x.operation.RolesInWords())
	}
	return nil
}

// noSuchRoute answers for paths that are not there, and for methods that a path does not have.
func (s *server) noSuchRoute(w http.ResponseWriter, r *http.Request) {
	var allowed []string
	for _, method := range []string{
		http.MethodDelete, http.MethodGet, http.MethodHead, http.MethodPatch, http.MethodPost, http.MethodPut,
	} {
		if _, pattern := s.routes.Handler(&http.Request{Method: method, URL: r.URL, Host: r.Host}); pattern != "/" {
			allowed = append(allowed, method)
		}
	}
	if len(allowed) > 0 {
		s.writeProblem(w, problem.MethodNotAllowed(strings.Join(allowed, ", ")))
		return
	}
	s.notFound(w)
}

func (s *server) notFound(w http.ResponseWriter) {
	s.writeProblem(w, problem.Of(fault.New(fault.NotFound, "there is no such path")))
}

type exchangeKey struct{}

func exchangeOf(ctx context.Context) *exchange {
	if x, ok := ctx.Value(exchangeKey{}).(*exchange); ok {
		return x
	}
	return &exchange{}
}

// ServeHTTP answers a request, whatever happens.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	began := s.cfg.Clock()
	x := &exchange{operation: &contract.Operation{ID: contract.NoOperation}, stream: r.Body}
	r = r.WithContext(context.WithValue(r.Context(), exchangeKey{}, x))
	r.Body = http.MaxBytesReader(w, r.Body, s.cfg.MaxBody)
	rec := &recorder{ResponseWriter: w}
	defer func() { //nolint:contextcheck // the request carries it
		s.recovered(rec, r, x, recover())
		s.countLine(x, rec)
		took := s.cfg.Clock().Sub(began)
		s.cfg.Observe(x.operation.ID, rec.status, took)
		s.cfg.Log.LogAttrs(r.Context(), slog.LevelDebug, "request", slog.String("operation", x.operation.ID),
			slog.Int("status", rec.status), slog.Duration("took", took), slog.String("principal", x.caller.Name))
	}()
	if way := r.URL.EscapedPath(); path.Clean("/"+way) != way { // the routes would answer with a redirection
		s.notFound(rec)
		return
	}
	s.routes.ServeHTTP(rec, r)
}

// recovered answers for a handler that panicked. The value may hold anything and is not logged, save that of the Go
// runtime; where it happened is.
func (s *server) recovered(w *recorder, r *http.Request, x *exchange, value any) {
	if value == nil {
		return
	}
	if err, ok := value.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		panic(value) // the server's own way to hang up
	}
	err := problem.Panicked(value)
	p := problem.Of(err)
	s.loud(r.Context(), x.operation, &p, err)
	if w.status == 0 {
		s.writeProblem(w, p)
	}
}

// recorder remembers the status.
type recorder struct {
	http.ResponseWriter
	status int
}

// WriteHeader implements http.ResponseWriter.
func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (r *recorder) Write(b []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	return r.ResponseWriter.Write(b)
}

// Unwrap is for http.ResponseController.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }
