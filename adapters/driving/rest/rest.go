// Package rest is the HTTP API: contracts/openapi.yaml, made into use cases.
//
// The server in internal/api is generated from the contract, which also says who may call what (x-roles) and what a
// right request looks like. What is here turns requests into the nouns of the core, answers back into JSON, and every
// failure into a problem document by the one table in problem.go.
package rest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"time"

	"carillon/adapters/driving/rest/internal/api"
	"carillon/contracts"
	"carillon/core/access"
	"carillon/core/fault"
)

//go:generate go tool -modfile=../../../deploy/tools.mod ogen --config ogen.yaml --target internal/api --package api --clean ../../../contracts/openapi.yaml

// Config is how the API is served.
type Config struct {
	// MaxBody is how many bytes a request body may have; 1 MiB when 0.
	MaxBody int64
	// Clock says what time it is.
	Clock func() time.Time
	// Log gets one line per request at debug, and a loud one for every mistake of ours. No line holds a person's data.
	Log *slog.Logger
	// Stopping is closed when streams are to end because the process does. It may be nil.
	Stopping <-chan struct{}
	// Lines is told what became of contacts: one at a time on path single, by the lines of a stream on path bulk. The
	// outcome is one of [LineOutcomes]. It may be nil.
	Lines func(path, outcome string, n int)
	// Raised is told what became of system events, as Lines of contacts. It may be nil.
	Raised func(path, outcome string, n int)
	// Consumers shows the consumers of Kafka. It may be nil.
	Consumers func() []Consumer
	// Observe is told of every request, for metrics; the operation is from the contract, or "none". It may be nil.
	Observe func(operation string, status int, took time.Duration)
}

// defaultMaxBody is what the contract promises.
const defaultMaxBody = 1 << 20

// New returns the API over the use cases.
func New(cfg Config, services Services) (http.Handler, error) {
	if cfg.MaxBody == 0 {
		cfg.MaxBody = defaultMaxBody
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
	contract, err := readContract(contracts.OpenAPI())
	if err != nil {
		return nil, fmt.Errorf("reading the contract of the API: %w", err)
	}
	s := &server{Services: services, cfg: cfg, contract: contract}
	s.routes, err = api.NewServer(s, s, s,
		api.WithErrorHandler(s.fail),
		api.WithNotFound(s.notFound),
		api.WithMethodNotAllowed(s.methodNotAllowed),
		api.WithMiddleware(s.strict),
	)
	if err != nil {
		return nil, fmt.Errorf("making the API: %w", err)
	}
	return s, nil
}

func (c Config) check() error {
	if c.Clock == nil || c.Log == nil || c.MaxBody < 0 {
		return errors.New("a clock, a log and a body limit that is not negative are needed")
	}
	return nil
}

// server is the API. It implements api.Handler, noun by noun, and api.SecurityHandler.
type server struct {
	Services

	cfg      Config
	contract contract
	routes   *api.Server
}

var (
	_ api.Handler         = (*server)(nil)
	_ api.RawHandler      = (*server)(nil)
	_ api.SecurityHandler = (*server)(nil)
)

// exchange is what is known of a request while it is answered; the context carries it.
type exchange struct {
	operation string
	principal access.Principal
	stream    io.ReadCloser // the body without its limit, for the one operation that takes any length
}

type exchangeKey struct{}

func exchangeOf(ctx context.Context) *exchange {
	if x, ok := ctx.Value(exchangeKey{}).(*exchange); ok {
		return x
	}
	return &exchange{}
}

// caller is the principal that asks; the zero principal may do nothing.
func caller(ctx context.Context) access.Principal { return exchangeOf(ctx).principal }

// ServeHTTP answers a request, whatever happens.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	began := s.cfg.Clock()
	x := &exchange{operation: noOperation, stream: r.Body}
	if route, found := s.routes.FindPath(r.Method, r.URL); found {
		x.operation = route.OperationID()
	}
	r = r.WithContext(context.WithValue(r.Context(), exchangeKey{}, x))
	r.Body = http.MaxBytesReader(w, r.Body, s.cfg.MaxBody)
	rec := &recorder{ResponseWriter: w}
	defer func() { //nolint:contextcheck // the request carries it
		s.recovered(rec, r, recover())
		s.countLine(x.operation, rec)
		took := s.cfg.Clock().Sub(began)
		s.cfg.Observe(x.operation, rec.status, took)
		s.cfg.Log.LogAttrs(r.Context(), slog.LevelDebug, "request", slog.String("operation", x.operation),
			slog.Int("status", rec.status), slog.Duration("took", took), slog.String("principal", x.principal.Name))
	}()
	s.routes.ServeHTTP(rec, r)
}

// recovered answers for a handler that panicked. The value may hold anything and is not logged, save that of the Go
// runtime; where it happened is.
func (s *server) recovered(w *recorder, r *http.Request, value any) {
	if value == nil {
		return
	}
	if err, ok := value.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		panic(value) // the server's own way to hang up
	}
	problem := problemOf(panicked(value))
	s.loud(r.Context(), &problem, panicked(value))
	if w.status == 0 {
		s.write(w, problem)
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

// HandleBearer looks up who holds the key, and refuses an operation that none of its roles may call.
func (s *server) HandleBearer(ctx context.Context, operation api.OperationName, t api.Bearer) (context.Context, error) {
	p, err := s.Keys.Principal(ctx, access.HashKey(t.Token))
	if err != nil {
		return nil, err
	}
	exchangeOf(ctx).principal = p
	if roles := s.contract.operation(operation).roles; !p.Has(roles...) {
		return nil, fault.New(fault.Forbidden, "this needs one of the roles "+words(roles))
	}
	return ctx, nil
}
