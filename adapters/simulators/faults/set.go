package faults

import (
	"errors"
	"maps"
	"sync"
	"time"
)

// ErrKeys tells that a set has as many keys as it holds.
var ErrKeys = errors.New("faults: too many keys")

// maxKeys bounds the keys of one set.
const maxKeys = 1000

// Set is the faults of one simulator: one for all and one for each key that has its own.
type Set struct {
	mu   sync.RWMutex
	all  *Rule
	keys map[string]*Rule
}

// NewSet returns a set without faults.
func NewSet() *Set {
	return &Set{all: newRule(Fault{}), keys: map[string]*Rule{}}
}

// Put lays down the fault for a key, or for all that have no fault of their own when the key is empty. A fault of
// a key replaces the one for all: an empty one shields the key.
func (s *Set) Put(key string, f Fault) error {
	if err := f.Validate(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if key == "" {
		s.all = newRule(f)
		return nil
	}
	if _, known := s.keys[key]; !known && len(s.keys) >= maxKeys {
		return ErrKeys
	}
	s.keys[key] = newRule(f)
	return nil
}

// Clear takes the fault of a key away; with an empty key it takes every fault away.
func (s *Set) Clear(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if key != "" {
		delete(s.keys, key)
		return
	}
	s.all = newRule(Fault{})
	s.keys = map[string]*Rule{}
}

// For returns the rule of the first key that has its own, else the one for all.
func (s *Set) For(keys ...string) *Rule {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, key := range keys {
		if rule, found := s.keys[key]; found && key != "" {
			return rule
		}
	}
	return s.all
}

// State is a set as the control listener shows it.
type State struct {
	// All is the fault of those that have none of their own.
	All Fault `json:"all"`
	// Keys holds the fault of each key that has its own.
	Keys map[string]Fault `json:"keys"`
}

// State returns a copy of the faults.
func (s *Set) State() State {
	s.mu.RLock()
	defer s.mu.RUnlock()
	state := State{All: s.all.Fault, Keys: make(map[string]Fault, len(s.keys))}
	for key, rule := range maps.All(s.keys) {
		state.Keys[key] = rule.Fault
	}
	return state
}

// Rule is a fault that is laid down, with the count of its throttle.
type Rule struct {
	Fault
	throttle *Throttle
}

func newRule(f Fault) *Rule {
	return &Rule{Fault: f, throttle: NewThrottle(f.ThrottlePerSecond)}
}

// Pass takes units from this second's allowance and reports whether there was any left.
func (r *Rule) Pass(now time.Time, units int) bool {
	return r.throttle.Pass(now, units)
}

// Throttle is a bucket of one second's allowance. A call that finds anything in it passes, however many units it
// takes; what it takes too much is missing afterwards.
type Throttle struct {
	mu        sync.Mutex
	perSecond float64
	left      float64
	seen      time.Time
}

// NewThrottle returns a full bucket; a rate of 0 lets everything pass.
func NewThrottle(perSecond float64) *Throttle {
	return &Throttle{perSecond: perSecond, left: max(perSecond, 1)}
}

// Pass takes the units and reports whether there was anything left.
func (t *Throttle) Pass(now time.Time, units int) bool {
	if t.perSecond == 0 {
		return true
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if gone := now.Sub(t.seen).Seconds(); !t.seen.IsZero() && gone > 0 {
		t.left = min(t.left+gone*t.perSecond, max(t.perSecond, 1))
	}
	if t.seen.IsZero() || now.After(t.seen) {
		t.seen = now
	}
	if t.left < 1 {
		return false
	}
	t.left -= float64(units)
	return true
}
