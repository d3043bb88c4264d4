// Package dialer is a double of a dialer vendor with the shape of Amazon Connect's PutDialRequestBatch. It is handed
// calls (push), or leases them from Carillon (pull), dials each once, and posts what became of it.
package dialer

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"carillon/adapters/simulators/book"
	"carillon/adapters/simulators/faults"
	"carillon/adapters/simulators/later"
	"carillon/adapters/simulators/stage"
)

// Config is the account that the simulator plays.
type Config struct {
	// Key is the bearer key that callers must show; every key is good when it is empty.
	Key string
	// Campaigns lists the campaigns there are; every id is known when it is empty.
	Campaigns []string
	// Lines is how many calls may be dialled at once, beyond which requests are throttled; no limit when 0.
	Lines int
	// PullEvery is how often the simulator asks for a lease; it does not pull when 0.
	PullEvery time.Duration
	// PullMax is how many calls it asks for; 25 when 0.
	PullMax int
	// PullLease is for how long it asks for them; five minutes when 0.
	PullLease time.Duration
}

// PullCampaign is the campaign under which leased calls are recorded and faults are looked up.
const PullCampaign = "pull"

// Simulator is the double of the vendor; it is an http.Handler.
type Simulator struct {
	config Config
	stage  *stage.Stage
	mux    *http.ServeMux
	calls  *later.Memory[string] // client token to dial id
	lines  atomic.Int64

	mu   sync.Mutex
	hook hook
}

// hook is where results go.
type hook struct{ base, key string }

// remembered bounds the client tokens that are known.
const remembered = 500_000

// maxRounds bounds how often the simulator asks again at once when it got all it asked for.
const maxRounds = 40

// New returns a simulator; Pull makes it lease calls.
func New(c Config, s *stage.Stage) *Simulator {
	if c.PullMax == 0 {
		c.PullMax = 25
	}
	if c.PullLease == 0 {
		c.PullLease = 5 * time.Minute
	}
	sim := &Simulator{
		config: c, stage: s, mux: http.NewServeMux(), calls: later.NewMemory[string](remembered),
	}
	sim.mux.HandleFunc("PUT /campaigns/{id}/dial-requests", sim.dialRequests)
	sim.mux.HandleFunc("GET /campaigns/{id}/state", sim.state)
	return sim
}

// SetHook says where Carillon is: results go to <base>/v1/feeds/calls/results, leases come from
// <base>/v1/feeds/calls/lease, both with the key as bearer. Without a base results are given up.
func (s *Simulator) SetHook(base, key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hook = hook{base: strings.TrimSuffix(base, "/"), key: key}
}

func (s *Simulator) hooked() hook {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.hook
}

// Dialling is how many calls are being dialled.
func (s *Simulator) Dialling() int64 { return s.lines.Load() }

// ServeHTTP answers the vendor's API.
func (s *Simulator) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 4<<20)
	s.mux.ServeHTTP(w, r)
}

// exchange is one request being answered.
type exchange struct {
	w        http.ResponseWriter
	r        *http.Request
	campaign string
	rule     *faults.Rule
	request  string
}

// enter does what every call begins with; it says false when the call was answered.
func (s *Simulator) enter(w http.ResponseWriter, r *http.Request, op string) (*exchange, bool) {
	id := r.PathValue("id")
	x := &exchange{w: w, r: r, campaign: id, rule: s.stage.Faults.For(id), request: s.stage.Dice.ID()}
	s.stage.Enter(r.Context(), x.rule.Fault)
	stop := func(outcome string, status int, text string) (*exchange, bool) {
		s.stage.Book.Write(book.Record{
			Op: op, Request: x.request, Key: id, Outcome: outcome, Status: status, Code: x.rule.Error,
		})
		if outcome == "down" {
			stage.Down(w)
		} else {
			x.write(status, map[string]string{"message": text})
		}
		return x, false
	}
	status := httpStatus(x.rule.Error)
	switch {
	case x.rule.Down:
		return stop("down", http.StatusServiceUnavailable, "")
	case !s.authorized(r):
		return stop("forbidden", http.StatusUnauthorized, "Unauthorized")
	case !s.known(id):
		return stop("invalid", http.StatusNotFound, "ResourceNotFoundException: no such campaign")
	case status != 0 && (op == "dial" || status == http.StatusForbidden || status >= 500):
		return stop("error", status, x.rule.Error)
	default:
		return x, true
	}
}

// httpStatus is the status of an error code that refuses a whole request; 0 for the failure code of one call.
func httpStatus(code string) int {
	switch code {
	case "", "InvalidInput", "RequestThrottled", "UnknownError":
		return 0
	case "ThrottlingException", "TooManyRequests":
		return http.StatusTooManyRequests
	case "AccessDeniedException":
		return http.StatusForbidden
	case "ResourceNotFoundException":
		return http.StatusNotFound
	case "ConflictException", "InvalidCampaignStateException":
		return http.StatusConflict
	case "ValidationException":
		return http.StatusBadRequest
	default: // InternalServerException and what nobody knows
		return http.StatusInternalServerError
	}
}

func (s *Simulator) authorized(r *http.Request) bool {
	if s.config.Key == "" {
		return true
	}
	key, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	return bearer && subtle.ConstantTimeCompare([]byte(key), []byte(s.config.Key)) == 1
}

func (s *Simulator) known(campaign string) bool {
	if len(s.config.Campaigns) == 0 {
		return campaign != ""
	}
	return slices.Contains(s.config.Campaigns, campaign)
}

func (s *Simulator) state(w http.ResponseWriter, r *http.Request) {
	x, ok := s.enter(w, r, "probe")
	if !ok {
		return
	}
	s.stage.Book.Write(book.Record{
		Op: "probe", Request: x.request, Reference: "state", Key: x.campaign, Outcome: "accepted", Status: http.StatusOK,
	})
	x.write(http.StatusOK, map[string]string{"state": "Running"})
}

func (x *exchange) write(status int, body any) {
	x.w.Header().Set("Content-Type", "application/json")
	stage.Write(x.w, x.request, status, json.Marshal, body)
}

// Pull leases calls until the context ends. It returns at once when pulling is not configured.
func (s *Simulator) Pull(ctx context.Context) {
	if s.config.PullEvery <= 0 {
		return
	}
	for stage.Sleep(ctx, s.config.PullEvery) {
		for range maxRounds {
			if s.lease(ctx) < s.config.PullMax || ctx.Err() != nil {
				break // there is no more, or we are stopping
			}
		}
	}
}
