// Package intake is the JSON of customer contacts and system events, and takes them in many at a time: the lines of a
// file, the records of a Kafka partition, each as the JSON that POST /v1/contacts or POST /v1/events takes. The driving
// adapters share it, so that a contact is read alike whichever way it comes.
package intake

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"carillon/adapters/driving/api/contract"
	"carillon/adapters/driving/api/problem"
	"carillon/core/accept"
	"carillon/core/access"
	"carillon/core/fault"
	"carillon/core/store"
)

// Config is how lines are taken in.
type Config struct {
	Contract *contract.Contract
	// MaxLine is how many bytes a line may have.
	MaxLine int64
	// Clock says what time it is.
	Clock func() time.Time
	// Log gets a loud line for every mistake of ours. No line holds a person's data.
	Log *slog.Logger
}

func (c Config) check() error {
	if c.Contract == nil || c.Clock == nil || c.Log == nil || c.MaxLine < 1 {
		return errors.New("a contract, a clock, a log and a limit of lines are needed")
	}
	return nil
}

// Accepter takes customer contacts in. Both return fault.Invalid naming every wrong field, fault.Forbidden for a
// division or source that is not the caller's.
type Accepter interface {
	// Accept returns when the contact is durable; fault.Conflict for a key with another request.
	Accept(ctx context.Context, now time.Time, p access.Principal, r accept.Request) (accept.Answer, error)
	// Validate says what Accept would start, and writes nothing.
	Validate(ctx context.Context, now time.Time, p access.Principal, r accept.Request) (accept.Answer, error)
}

// Lots takes customer contacts in many at a time.
type Lots interface {
	// Gather reads what the requests are decided from; fault.Unavailable.
	Gather(ctx context.Context, now time.Time, p access.Principal, requests []accept.Request) (*accept.Lot, error)
	// Mark writes where a batch stands; fault.Conflict when its id is another source's.
	Mark(ctx context.Context, b store.IntakeBatch) error
}

// Contacts takes in contacts that come many at a time. It is safe for use by many goroutines.
type Contacts struct {
	cfg     Config
	core    Accepter
	lots    Lots
	request *contract.Body[ContactRequest] // of a line whose key came beside it
	line    *contract.Body[ContactLine]
}

// NewContacts makes the intake of contacts over the use cases.
func NewContacts(cfg Config, core Accepter, lots Lots) (*Contacts, error) {
	if err := cfg.check(); err != nil {
		return nil, fmt.Errorf("making the intake of contacts: %w", err)
	}
	return &Contacts{
		cfg: cfg, core: core, lots: lots,
		request: contract.BodyOf[ContactRequest](cfg.Contract.Object("ContactRequest")),
		line:    contract.BodyOf[ContactLine](cfg.Contract.Object("ContactLine")),
	}, nil
}

// MaxLine is how many bytes a line may have.
func (in *Contacts) MaxLine() int64 { return in.cfg.MaxLine }

// Mark writes where a batch stands; fault.Conflict when its id is another source's.
func (in *Contacts) Mark(ctx context.Context, b store.IntakeBatch) error { return in.lots.Mark(ctx, b) }

// Take takes the lines in, as one transaction. The results stand in the order of the lines. The error is of all of
// them: fault.Unavailable when nothing was stored, fault.Ambiguous when nobody knows.
func (in *Contacts) Take(ctx context.Context, p access.Principal, lines []Line) ([]Result, error) {
	ready, err := in.Prepare(ctx, p, lines)
	if err != nil {
		return nil, err
	}
	return ready.Accept(ctx, nil)
}

// Prepared is lines that are read and decided, and not written.
type Prepared struct {
	at       time.Time
	lines    []Line
	requests []accept.Request
	refused  []*problem.Document // of each line, why it could not be read
	lot      *accept.Lot
}

// Prepare reads and decides lines on all cores.
func (in *Contacts) Prepare(ctx context.Context, p access.Principal, lines []Line) (*Prepared, error) {
	n := len(lines)
	ready := &Prepared{
		at: in.cfg.Clock(), lines: lines, requests: make([]accept.Request, n), refused: make([]*problem.Document, n),
	}
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

// Accept writes what can be accepted, with the progress of the batch it belongs to; nil: of none.
func (r *Prepared) Accept(ctx context.Context, batch *store.IntakeBatch) ([]Result, error) {
	if batch != nil {
		batch.TouchedAt = r.at
	}
	decided, err := r.lot.Accept(ctx, batch)
	return r.results(decided, false), err
}

// Validate says what would become of the lines, and writes nothing.
func (r *Prepared) Validate(ctx context.Context) ([]Result, error) {
	decided, err := r.lot.Validate(ctx)
	return r.results(decided, true), err
}

func (r *Prepared) results(decided []accept.Decision, only bool) []Result {
	results := make([]Result, len(decided))
	spread(len(decided), func(i int) {
		results[i] = contactResult(r.lines[i], r.requests[i].Key, decided[i], r.refused[i], only)
	})
	return results
}

// caught makes the panic of one line its answer: the others are not to suffer. What it was about is not told, for it
// may hold anything.
func (in *Contacts) caught(ctx context.Context, to **problem.Document) {
	v := recover()
	if v == nil {
		return
	}
	err := problem.Panicked(v)
	in.cfg.Log.LogAttrs(ctx, slog.LevelError, "a line failed by a mistake of ours", problem.Attributes(err)...)
	*to = new(problem.Of(err))
}

// Chunk is how many lines a core takes at once.
const Chunk = 16

// spread does n things on all cores.
func spread(n int, do func(i int)) {
	var next atomic.Int64
	work := func() {
		for {
			from := int(next.Add(Chunk)) - Chunk
			if from >= n {
				return
			}
			for i := from; i < min(from+Chunk, n); i++ {
				do(i)
			}
		}
	}
	var all sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0)-1, (n-1)/Chunk) {
		all.Go(work)
	}
	work()
	all.Wait()
}

// read reads one line, or says in full what is wrong with it.
func (in *Contacts) read(
	ctx context.Context, now time.Time, p access.Principal, line Line,
) (accept.Request, *problem.Document) {
	if line.TooLong {
		return refuseLine("", problem.TooLarge(in.cfg.MaxLine))
	}
	contact, key, wrong, err := in.decode(line)
	if err != nil {
		return refuseLine("", problem.Malformed())
	}
	if wrong == nil {
		request, unread := contact.Request(key)
		if len(unread) == 0 {
			return request, nil
		}
		return refuseLine(key, problem.Of(fault.Refuse(AlsoWrong(ctx, in.core, now, p, request, unread)...)))
	}
	if r, ok := WhatIsRight(line.Body, wrong); ok {
		wrong = AlsoWrong(ctx, in.core, now, p, r, wrong)
	}
	return refuseLine(key, problem.Of(fault.Refuse(wrong...)))
}

// decode reads the body and the key of a line, wherever the key stands.
func (in *Contacts) decode(line Line) (c ContactRequest, key string, wrong []fault.Violation, err error) {
	if line.Key == "" {
		l, wrong, err := in.line.Decode(line.Body)
		return l.ContactRequest, l.Key, wrong, err
	}
	c, wrong, err = in.request.Decode(line.Body)
	if !isKey(line.Key) {
		wrong = append(wrong, fault.Violation{Field: "/key", Reason: "must have 1 to 200 visible characters of ASCII"})
	}
	return c, line.Key, wrong, err
}

// isKey reports whether a text may be an idempotency key, as the contract says.
func isKey(text string) bool {
	for _, c := range []byte(text) {
		if c < '!' || c > '~' {
			return false
		}
	}
	return text != "" && len(text) <= longestKey
}

// longestKey is how many characters an idempotency key may have.
const longestKey = 200

func refuseLine(key string, p problem.Document) (accept.Request, *problem.Document) {
	return accept.Request{Key: key}, &p
}
