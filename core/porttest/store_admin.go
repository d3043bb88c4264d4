package porttest

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"carillon/core/access"
	"carillon/core/fault"
	"carillon/core/store"
)

func administration() []sentence {
	return []sentence{
		{"finds a principal by the hash of its key", func(st *stand) {
			p := NewPrincipal(st.r)
			st.applied(store.Writes{Admin: &store.AdminWrites{Principals: []access.Principal{p, NewPrincipal(st.r)}}})
			got, err := st.s.Principal(st.t.Context(), p.Hash)
			st.ok(err, "looking for a principal")
			st.same("principal", got, p)
			_, err = st.s.Principal(st.t.Context(), NewHash(st.r))
			st.kind(err, fault.Unauthorized)
		}},
		{"does not know a principal that is revoked", func(st *stand) {
			p := NewPrincipal(st.r)
			st.applied(store.Writes{Admin: &store.AdminWrites{Principals: []access.Principal{p}}})
			st.applied(store.Writes{Admin: &store.AdminWrites{Revoked: []store.Revocation{{Name: p.Name, At: Noon()}}}})
			_, err := st.s.Principal(st.t.Context(), p.Hash)
			st.kind(err, fault.Unauthorized)
			all, err := st.s.PrincipalList(st.t.Context())
			st.ok(err, "listing principals")
			p.RevokedAt = Noon()
			st.same("principals", all, []access.Principal{p})
		}},
		{"refuses a second principal of a name", func(st *stand) {
			p, rival := NewPrincipal(st.r), NewPrincipal(st.r)
			rival.Name = p.Name
			verdicts := st.apply(store.Writes{Admin: &store.AdminWrites{Principals: []access.Principal{p}}}, store.Writes{Admin: &store.AdminWrites{Principals: []access.Principal{rival}}})
			st.check(verdicts[0].Outcome == store.Applied, "the first has the name")
			st.check(verdicts[1].Outcome == store.Conflict && verdicts[1].What == store.LostName, "the second does not")
			_, err := st.s.Principal(st.t.Context(), rival.Hash)
			st.kind(err, fault.Unauthorized)
		}},
		{"lists principals by name", func(st *stand) {
			var want []access.Principal
			for range 5 {
				want = append(want, NewPrincipal(st.r))
			}
			st.applied(store.Writes{Admin: &store.AdminWrites{Principals: want}})
			all, err := st.s.PrincipalList(st.t.Context())
			st.ok(err, "listing principals")
			slices.SortFunc(want, func(a, b access.Principal) int { return cmp.Compare(a.Name, b.Name) })
			st.same("principals", all, want)
		}},
	}
}

func configuration() []sentence {
	return []sentence{
		{"is kept in every version", func(st *stand) {
			st.latest(0)
			_, err := st.s.ConfigRows(st.t.Context(), 1)
			st.kind(err, fault.NotFound)
			one, two := NewConfig(st.r, 1), NewConfig(st.r, 2)
			st.applied(store.Writes{Admin: &store.AdminWrites{Config: &one}})
			st.latest(1)
			st.applied(store.Writes{Admin: &store.AdminWrites{Config: &two}})
			st.latest(2)
			for _, w := range []store.ConfigWrite{one, two} {
				rows, err := st.s.ConfigRows(st.t.Context(), w.Version)
				st.ok(err, "reading a version")
				st.same("rows, as they were written", rows, w.Rows)
			}
		}},
		{"is listed, the newest version first, with who wrote it and when", func(st *stand) {
			var want []store.ConfigVersion
			for v := range int64(5) {
				w := NewConfig(st.r, v+1)
				st.applied(store.Writes{Admin: &store.AdminWrites{Config: &w}})
				want = append([]store.ConfigVersion{{Version: w.Version, At: w.At, By: w.By}}, want...)
			}
			for before, part := range map[int64][]store.ConfigVersion{0: want[:3], 4: want[2:5], 2: want[4:], 1: nil} {
				got, err := st.s.ConfigVersions(st.t.Context(), before, 3)
				st.ok(err, "listing versions")
				st.same("versions", slices.Concat(got), part)
			}
		}},
		{"is refused under a version that is there", func(st *stand) {
			one, rival := NewConfig(st.r, 1), NewConfig(st.r, 1)
			verdicts := st.apply(store.Writes{Admin: &store.AdminWrites{Config: &one}}, store.Writes{Admin: &store.AdminWrites{Config: &rival}})
			st.check(verdicts[0].Outcome == store.Applied, "the first is written")
			st.check(verdicts[1].Outcome == store.Conflict && verdicts[1].What == store.LostVersion, "the second is not")
			rows, err := st.s.ConfigRows(st.t.Context(), 1)
			st.ok(err, "reading a version")
			st.same("rows", rows, one.Rows)
		}},
	}
}

func holds() []sentence {
	put := func(st *stand, reason string) store.Hold {
		number, err := st.s.Numbers(st.t.Context(), "hold", 1)
		st.ok(err, "drawing a hold's number")
		h := store.Hold{Number: number, Kind: store.HoldAccount, Subject: "0004000001", Reason: reason, By: "counsel", At: Noon()}
		st.applied(store.Writes{Upkeep: &store.UpkeepWrites{Holds: []store.Hold{h}}})
		return h
	}
	listed := func(st *stand, lifted bool) []store.Hold {
		all, err := st.s.HoldList(st.t.Context(), lifted)
		st.ok(err, "listing holds")
		return all
	}
	return []sentence{
		{"are listed newest first until they are lifted, and after that on demand", func(st *stand) {
			first, second := put(st, "case 1"), put(st, "case 2")
			st.same("in force", listed(st, false), []store.Hold{second, first})
			st.applied(store.Writes{Upkeep: &store.UpkeepWrites{Unholds: []store.Unhold{{Number: first.Number, By: "judge", At: Noon().Add(time.Hour)}}}})
			st.same("in force", listed(st, false), []store.Hold{second})
			first.LiftedBy, first.LiftedAt = "judge", Noon().Add(time.Hour)
			st.same("all", listed(st, true), []store.Hold{second, first})
		}},
		{"are refused while the same is in force, and lifted once", func(st *stand) {
			h := put(st, "case 1")
			again := h
			again.Number++
			st.conflict(store.LostHold, store.Writes{Upkeep: &store.UpkeepWrites{Holds: []store.Hold{again}}})
			lift := store.Writes{Upkeep: &store.UpkeepWrites{Unholds: []store.Unhold{{Number: h.Number, By: "judge", At: Noon()}}}}
			st.applied(lift)
			st.conflict(store.LostHold, lift)
			st.applied(store.Writes{Upkeep: &store.UpkeepWrites{Holds: []store.Hold{again}}})
		}},
	}
}

func chores() []sentence {
	return []sentence{
		{"makes a tick exclusive", func(st *stand) {
			tick := store.Tick{Chore: "fold", At: Noon(), By: "one"}
			rival, next, other := tick, tick, tick
			rival.By, next.At, other.Chore = "two", Noon().Add(time.Minute), "seal"
			st.applied(store.Writes{Upkeep: &store.UpkeepWrites{Ticks: []store.Tick{tick}}})
			set := NewAcceptance(st.r, Given{})
			store.In(&set.Upkeep).Ticks = []store.Tick{rival}
			st.conflict(store.LostTick, set)
			st.absent(set)
			st.applied(store.Writes{Upkeep: &store.UpkeepWrites{Ticks: []store.Tick{next, other}}})
		}},
		{"purges what is older than its window, so many at a time", purging},
		{"makes room ahead, once, and takes what is accepted after that time", func(st *stand) {
			later := Noon().AddDate(2, 0, 0)
			for range 2 {
				_, err := st.s.Extend(st.t.Context(), later)
				st.ok(err, "making room")
			}
			made, err := st.s.Extend(st.t.Context(), Noon())
			st.ok(err, "making room")
			st.same("what is made of what is there", made, 0)
			for months := range 4 {
				st.whole(st.accept(Given{At: later.AddDate(0, months, 0)}))
			}
			st.whole(st.accept(Given{}))
		}},
		{"exercises the store when it is checked", func(st *stand) {
			for range 3 {
				st.ok(st.s.Check(st.t.Context()), "checking the store")
			}
		}},
	}
}

func (st *stand) latest(want int64) {
	st.t.Helper()
	version, err := st.s.LatestConfig(st.t.Context())
	st.ok(err, "reading the latest version")
	st.same("latest version", version, want)
}

func numbers() []sentence {
	return []sentence{
		{"of ten digits start at 1 000 000 001 and are consecutive within a block", func(st *stand) {
			for _, sequence := range []string{"person", "contact"} {
				first, err := st.s.Numbers(st.t.Context(), sequence, 3)
				st.ok(err, "reserving numbers")
				st.same("first", first, int64(1_000_000_001))
				next, err := st.s.Numbers(st.t.Context(), sequence, 1)
				st.ok(err, "reserving numbers")
				st.check(next >= first+3, "a block is never handed out twice")
			}
			_, err := st.s.Numbers(st.t.Context(), "point", 1)
			st.ok(err, "reserving a point's number")
		}},
		{"are never handed out twice, however many ask", func(st *stand) {
			const askers, times = 8, 15
			var (
				mu   sync.Mutex
				seen = map[int64]bool{}
				wg   sync.WaitGroup
			)
			for range askers {
				r := NewRand(st.r.Uint64())
				wg.Go(func() {
					for range times {
						n := 1 + r.IntN(7)
						first, err := st.s.Numbers(st.t.Context(), "contact", n)
						if err != nil {
							st.t.Errorf("reserving numbers: %v", err)
							return
						}
						mu.Lock()
						for i := range int64(n) {
							if seen[first+i] {
								st.t.Errorf("%d was handed out twice", first+i)
							}
							seen[first+i] = true
						}
						mu.Unlock()
					}
				})
			}
			wg.Wait()
		}},
	}
}
