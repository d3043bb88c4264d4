// Package keyring remembers who holds a key of the API.
package keyring

import (
	"context"
	"sync"
	"time"

	"carillon/core/access"
	"carillon/core/store"
)

const (
	keyHeld = 2 * time.Second // a key that was revoked on another gateway opens nothing here after it
	maxKeys = 10_000          // more are looked up each time
)

// Keyring remembers who holds a key for a moment: a busy sender would otherwise cost a look into the store for each
// contact. What is not a key is never remembered.
type Keyring struct {
	facts store.Principals
	clock func() time.Time

	mu   sync.Mutex
	held map[access.KeyHash]holder
	era  int // grows when all is forgotten: what was looked up before is not kept
}

type holder struct {
	principal access.Principal
	until     time.Time
}

// New looks keys up in facts.
func New(facts store.Principals, clock func() time.Time) *Keyring {
	return &Keyring{facts: facts, clock: clock, held: make(map[access.KeyHash]holder)}
}

// Principal implements rest.Keys.
func (k *Keyring) Principal(ctx context.Context, hash access.KeyHash) (access.Principal, error) {
	now := k.clock()
	k.mu.Lock()
	h, known := k.held[hash]
	era := k.era
	k.mu.Unlock()
	if known && now.Before(h.until) {
		return h.principal, nil
	}
	p, err := k.facts.Principal(ctx, hash)
	k.mu.Lock()
	defer k.mu.Unlock()
	switch {
	case err != nil:
		delete(k.held, hash)
	case era == k.era && (known || len(k.held) < maxKeys):
		k.held[hash] = holder{principal: p, until: now.Add(keyHeld)}
	}
	return p, err
}

// Forget makes this gateway look up every key anew: one was revoked here.
func (k *Keyring) Forget() {
	k.mu.Lock()
	defer k.mu.Unlock()
	clear(k.held)
	k.era++
}
