package keyring

import (
	"context"
	"testing"
	"time"

	"carillon/core/access"
	"carillon/core/fault"
)

// holders are the principals of a store, by their keys.
type holders struct {
	known map[access.KeyHash]access.Principal
	asked int
	while func() // runs while one is looked up
}

func (h *holders) Principal(_ context.Context, hash access.KeyHash) (access.Principal, error) {
	h.asked++
	p, known := h.known[hash]
	if h.while != nil {
		h.while()
	}
	if !known {
		return p, fault.New(fault.Unauthorized, "nobody holds this key")
	}
	return p, nil
}

func (h *holders) PrincipalList(context.Context) ([]access.Principal, error) { return nil, nil }

func TestKeyring(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC)
	key, other := access.HashKey("one"), access.HashKey("other")
	fresh := func() (*Keyring, *holders) {
		h := &holders{known: map[access.KeyHash]access.Principal{key: {Name: "cis"}}}
		return New(h, func() time.Time { return now }), h
	}
	open := func(t *testing.T, k *Keyring, hash access.KeyHash) bool {
		t.Helper()
		p, err := k.Principal(t.Context(), hash)
		if err != nil && !fault.Is(err, fault.Unauthorized) {
			t.Fatal(err)
		}
		return err == nil && p.Name == "cis"
	}
	t.Run("looks a key up once in a moment", func(t *testing.T) {
		k, h := fresh()
		for range 2 {
			if !open(t, k, key) {
				t.Fatal("it does not open")
			}
		}
		if h.asked != 1 {
			t.Errorf("asked %d times", h.asked)
		}
	})
	t.Run("finds out that a key was revoked elsewhere", func(t *testing.T) {
		k, h := fresh()
		open(t, k, key)
		delete(h.known, key)
		if !open(t, k, key) {
			t.Error("not yet")
		}
		now = now.Add(keyHeld)
		for range 2 {
			if open(t, k, key) {
				t.Error("it still opens")
			}
		}
	})
	t.Run("forgets at once what was revoked here, also what is being looked up", func(t *testing.T) {
		k, h := fresh()
		open(t, k, key)
		delete(h.known, key)
		if k.Forget(); open(t, k, key) {
			t.Error("it still opens")
		}
		h.known[key] = access.Principal{Name: "cis"}
		h.while = func() { delete(h.known, key); k.Forget() }
		if !open(t, k, key) {
			t.Error("what was asked before is answered")
		}
		if h.while = nil; open(t, k, key) {
			t.Error("what was looked up before is kept")
		}
	})
	t.Run("remembers no stranger", func(t *testing.T) {
		k, h := fresh()
		for range 2 {
			if open(t, k, other) {
				t.Error("a stranger gets in")
			}
		}
		if h.asked != 2 {
			t.Errorf("asked %d times", h.asked)
		}
	})
}
