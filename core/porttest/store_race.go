package porttest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"carillon/core/contact"
	"carillon/core/fault"
	"carillon/core/message"
	"carillon/core/store"
)

func concurrency() []sentence {
	return []sentence{
		{"gives every set one verdict and nobody a message twice", func(st *stand) { newRace(st).run() }},
	}
}

// race lets many apply sets with overlapping keys while others claim what they bring.
type race struct {
	*stand
	mu      sync.Mutex
	tries   []try
	claimed []message.ID
	leases  atomic.Int64
}

// try is a set of the race with its verdict.
type try struct {
	key     store.IntakeKey
	id      message.ID
	verdict store.Verdict
}

const (
	raceAppliers = 8
	raceClaimers = 4
	raceCalls    = 12
	raceSets     = 4
	raceKeys     = 120
)

func newRace(st *stand) *race { return &race{stand: st} }

func (x *race) run() {
	hashes := make([][2][32]byte, raceKeys)
	for i := range hashes {
		hashes[i] = [2][32]byte{NewHash(x.r), NewHash(x.r)}
	}
	var appliers, claimers sync.WaitGroup
	done := make(chan struct{})
	for range raceAppliers {
		r := NewRand(x.r.Uint64())
		appliers.Go(func() { x.bring(r, hashes) })
	}
	for n := range raceClaimers {
		claimers.Go(func() { x.takeAll(fmt.Sprintf("claimer-%d", n), done) })
	}
	appliers.Wait()
	close(done)
	claimers.Wait()
	x.judge()
}

// bring applies sets whose keys others bring too, most with the same request, some with another.
func (x *race) bring(r *rand.Rand, hashes [][2][32]byte) {
	l := lane()
	for range raceCalls {
		var sets []store.Writes
		for range raceSets {
			w := NewAcceptance(r, Given{Lane: &l})
			n := r.IntN(len(hashes))
			store.Of(w.Intake).Keys[0].Key = fmt.Sprintf("shared-%d", n)
			store.Of(w.Intake).Keys[0].Hash = hashes[n][r.IntN(8)/7]
			sets = append(sets, w)
		}
		verdicts, err := x.s.Apply(x.t.Context(), sets...)
		if err != nil {
			x.t.Errorf("applying: %v", err)
			return
		}
		x.mu.Lock()
		for i, v := range verdicts {
			x.tries = append(x.tries, try{key: store.Of(sets[i].Intake).Keys[0], id: store.Of(sets[i].Message).Messages[0].ID, verdict: v})
		}
		x.mu.Unlock()
	}
}

// takeAll claims until the appliers are done and nothing is left.
func (x *race) takeAll(owner string, done <-chan struct{}) {
	for {
		finished := false
		select {
		case <-done:
			finished = true
		default:
		}
		now := Noon().Add(time.Minute)
		lease := now.Add(time.Hour + time.Duration(x.leases.Add(1))*time.Microsecond)
		c := store.Claim{Lane: lane(), Now: now, Lease: lease, Owner: owner, Limit: 7}
		verdicts, err := x.s.Apply(x.t.Context(), store.Writes{Message: &store.MessageWrites{Claim: &c}})
		if err != nil || verdicts[0].Outcome != store.Applied {
			x.t.Errorf("claiming: %+v, %v", verdicts, err)
			return
		}
		x.mu.Lock()
		x.claimed = append(x.claimed, ids(verdicts[0].Claimed)...)
		x.mu.Unlock()
		if finished && len(verdicts[0].Claimed) == 0 {
			return
		}
		time.Sleep(time.Millisecond)
	}
}

// judge proves that of each key one try won and every other was answered rightly.
func (x *race) judge() {
	x.same("every set has a verdict", len(x.tries), raceAppliers*raceCalls*raceSets)
	winners := map[string]try{}
	var won []message.ID
	for _, one := range x.tries {
		if one.verdict.Outcome == store.Applied {
			_, twice := winners[one.key.Key]
			x.check(!twice, "a key is won once")
			winners[one.key.Key] = one
			won = append(won, one.id)
		}
	}
	for _, one := range x.tries {
		winner, ok := winners[one.key.Key]
		x.check(ok, "somebody won the key")
		switch {
		case one.verdict.Outcome == store.Applied:
		case one.key.Hash == winner.key.Hash:
			x.same("verdict", one.verdict, store.Verdict{Outcome: store.Replayed, Contact: winner.key.Contact})
		default:
			x.same("verdict", one.verdict, store.Verdict{Outcome: store.Conflict, What: store.LostIntakeKey})
		}
	}
	x.same("every message that won is claimed once", sorted(x.claimed), sorted(won))
	x.same("entries", x.entries(), int64(2*len(won)))
	x.recounted(Noon().Add(-time.Hour), Noon().Add(time.Hour))
}

func trouble() []sentence {
	return []sentence{
		{"of a context that is cancelled is told, writes nothing and passes", func(st *stand) {
			ctx, cancel := context.WithCancel(st.t.Context())
			cancel()
			w := NewAcceptance(st.r, Given{})
			_, err := st.s.Apply(ctx, w)
			st.kind(err, fault.Cancelled, fault.Unavailable)
			_, err = st.s.Messages(ctx, []message.ID{store.Of(w.Message).Messages[0].ID})
			st.kind(err, fault.Cancelled, fault.Unavailable)
			_, err = st.s.Contact(ctx, store.Of(w.Contact).Contacts[0].ID)
			st.kind(err, fault.Cancelled, fault.Unavailable)
			_, err = st.s.Numbers(ctx, "contact", 1)
			st.kind(err, fault.Cancelled, fault.Unavailable)
			st.kind(st.s.Check(ctx), fault.Cancelled, fault.Unavailable)
			st.absent(w)
			st.applied(w)
			st.whole(w)
		}},
		{"of calls that are cut short leaves sets whole or absent, and the store usable", cutShort},
		{"does not come of a call without sets or an empty set", func(st *stand) {
			st.apply()
			st.applied(store.Writes{})
			st.applied(store.Writes{}, store.Writes{})
		}},
	}
}

// cutShort applies with deadlines that pass somewhere on the way.
func cutShort(st *stand) {
	var (
		wg    sync.WaitGroup
		mu    sync.Mutex
		tried = map[contact.ID]store.Writes{}
		sure  = map[contact.ID]bool{}
	)
	for range 4 {
		r := NewRand(st.r.Uint64())
		wg.Go(func() {
			for range 15 {
				w := NewAcceptance(r, Given{})
				ctx, cancel := context.WithTimeout(st.t.Context(), time.Duration(r.IntN(4000))*time.Microsecond)
				verdicts, err := st.s.Apply(ctx, w)
				cancel()
				if err != nil && !slices.Contains([]fault.Kind{fault.Cancelled, fault.Unavailable, fault.Ambiguous}, fault.KindOf(err)) {
					st.t.Errorf("a call cut short returns %v", err)
				}
				mu.Lock()
				tried[store.Of(w.Contact).Contacts[0].ID] = w
				sure[store.Of(w.Contact).Contacts[0].ID] = err == nil && verdicts[0].Outcome == store.Applied
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	for id, w := range tried {
		_, err := st.s.Contact(st.t.Context(), id)
		if fault.KindOf(err) == fault.NotFound && err != nil {
			st.check(!sure[id], "what was told as applied is there")
			st.absent(w)
			continue
		}
		st.ok(err, "reading a contact")
		st.whole(w)
	}
	st.recounted(Noon().Add(-time.Hour), Noon().Add(time.Hour))
	st.whole(st.accept(Given{}))
}
