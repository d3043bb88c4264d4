package stores

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"carillon/cmd/internal/clock"
	"carillon/core/access"
	"carillon/core/consent"
	"carillon/core/contact"
	"carillon/core/ledger"
	"carillon/core/message"
	"carillon/core/store"
)

// The ops of the store that are timed: the one write, and the reads that requests and lanes wait for.
const (
	opApply     = "apply"
	opPrincipal = "principal"
	opContact   = "contact"
	opGate      = "gate"
	opInbox     = "inbox"
	opLanes     = "lanes"
	opLedger    = "ledger"
	opSums      = "sums"
	opCheck     = "check"
)

// timed is a store that says how long it took, failures included. What it does not name is passed through untimed.
type timed struct {
	store.Store

	seconds *prometheus.HistogramVec
}

// Timed puts the clock around a store; its series exist at zero.
func Timed(to store.Store, reg prometheus.Registerer) (store.Store, error) {
	t := timed{Store: to, seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "carillon_store_seconds", Help: "How long the store took, by what it was asked for.",
		Buckets: prometheus.ExponentialBuckets(0.0005, 2, 15),
	}, []string{"op"})}
	for _, op := range []string{opApply, opPrincipal, opContact, opGate, opInbox, opLanes, opLedger, opSums, opCheck} {
		t.seconds.WithLabelValues(op)
	}
	return t, reg.Register(t.seconds)
}

// since is deferred with the moment a call began.
func (t timed) since(op string, began time.Time) {
	t.seconds.WithLabelValues(op).Observe(clock.Now().Sub(began).Seconds())
}

// Apply implements [store.Applier].
func (t timed) Apply(ctx context.Context, sets ...store.Writes) ([]store.Verdict, error) {
	defer t.since(opApply, clock.Now())
	return t.Store.Apply(ctx, sets...)
}

// Principal implements [store.Principals].
func (t timed) Principal(ctx context.Context, hash access.KeyHash) (access.Principal, error) {
	defer t.since(opPrincipal, clock.Now())
	return t.Store.Principal(ctx, hash)
}

// Contact implements [store.Contacts].
func (t timed) Contact(ctx context.Context, id contact.ID) (store.ContactView, error) {
	defer t.since(opContact, clock.Now())
	return t.Store.Contact(ctx, id)
}

// GateFacts implements [store.Gatekeeper].
func (t timed) GateFacts(ctx context.Context, messages []message.Message) ([]consent.Facts, error) {
	defer t.since(opGate, clock.Now())
	return t.Store.GateFacts(ctx, messages)
}

// Inbox implements [store.Inbox].
func (t timed) Inbox(ctx context.Context, now time.Time, limit int) ([]store.Inboxed, error) {
	defer t.since(opInbox, clock.Now())
	return t.Store.Inbox(ctx, now, limit)
}

// LaneStates implements [store.Lanes].
func (t timed) LaneStates(ctx context.Context, now time.Time) ([]store.LaneState, error) {
	defer t.since(opLanes, clock.Now())
	return t.Store.LaneStates(ctx, now)
}

// Leaves implements [store.Ledger].
func (t timed) Leaves(ctx context.Context, from int64, limit int) ([]ledger.Leaf, error) {
	defer t.since(opLedger, clock.Now())
	return t.Store.Leaves(ctx, from, limit)
}

// Sums implements [store.Conservation].
func (t timed) Sums(ctx context.Context, from, to time.Time) ([]message.Count, error) {
	defer t.since(opSums, clock.Now())
	return t.Store.Sums(ctx, from, to)
}

// Check implements [store.Health].
func (t timed) Check(ctx context.Context) error {
	defer t.since(opCheck, clock.Now())
	return t.Store.Check(ctx)
}
