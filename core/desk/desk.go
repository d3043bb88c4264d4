// Package desk holds what the rooms of the desk share: how what is not there and what may not be seen look alike, and the
// words in which they refuse.
//
// The desk is what people and systems do at the counter, room by room: customers (load, make, correct, find), worklist (To
// Dos), counter (contacts and messages read back, changed, cancelled; failures; suppressions, holds, timelines),
// administration (configuration, keys, lanes, breakers) and proofs (the ledger). Every use case checks what the principal
// may see and do; another division's rows are as if they were not there.
package desk

import (
	"context"
	"strings"

	"carillon/core/access"
	"carillon/core/config"
	"carillon/core/customer"
	"carillon/core/fault"
	"carillon/core/ledger"
	"carillon/core/store"
)

// Configs hands out configurations.
type Configs interface {
	Current() *config.Snapshot
	// Refresh reads the newest configuration now.
	Refresh(ctx context.Context) error
}

// Channel checks addresses of a medium.
type Channel interface {
	// Address returns the canonical form and the time zones; fault.Invalid without repeating the value.
	Address(raw, country string) (customer.Address, []string, error)
}

// Feed is the ledger as it is read in order.
type Feed interface {
	Leaves(ctx context.Context, from int64, limit int) ([]ledger.Leaf, error)
}

// ScanPage is how many rows are read at once when a list is gone through.
const ScanPage = 1000

// IsWord tells a closed word from free text: reasons stand in evidence and ledger, which hold no personal content.
func IsWord(s string) bool {
	if s == "" || len(s) > 40 || s[0] < 'a' || s[0] > 'z' {
		return false
	}
	return strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789_") == ""
}

// Hidden is what is not there, or may not be seen.
func Hidden() error { return fault.New(fault.NotFound, "there is no such thing") }

// Hide makes what is not there look like what may not be seen.
func Hide(err error) error {
	if fault.Is(err, fault.NotFound) {
		return Hidden()
	}
	return err
}

// ReasonOf is what a channel or a renderer says is wrong, in its own words.
func ReasonOf(err error) string {
	if f, ok := err.(*fault.Error); ok && f.Text != "" { //nolint:errorlint // a channel returns its own fault unwrapped
		return f.Text
	}
	return "is not valid"
}

// MayRead reports whether the principal may see an entry. Those of no division are for who runs the gateway.
func MayRead(p access.Principal, l ledger.Leaf) bool {
	return p.Sees(l.Source, l.Division) || (l.Division == "" && p.Has(access.SRE, access.Admin))
}

// Apply applies one write set; fault.Conflict when it lost a race.
func Apply(ctx context.Context, to store.Applier, w store.Writes) error {
	verdicts, err := to.Apply(ctx, w)
	if err != nil {
		return err
	}
	if verdicts[0].Outcome == store.Conflict {
		return fault.New(fault.Conflict, "lost a race for "+string(verdicts[0].What))
	}
	return nil
}
