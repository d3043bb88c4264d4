package porttest

import (
	"sync"
	"time"

	"carillon/core/store"
)

func fleets() []sentence {
	return []sentence{
		{"lists the gateways that have beaten, by name, each with its last beat", func(st *stand) {
			st.fleet()
			b, a := NewGateway("b"), NewGateway("a")
			st.applied(store.Writes{Fleet: &store.FleetWrites{Beats: []store.Gateway{b}}}, store.Writes{Fleet: &store.FleetWrites{Beats: []store.Gateway{a}}})
			st.fleet(a, b)
			b.SeenAt = b.SeenAt.Add(2 * time.Second)
			st.applied(store.Writes{Fleet: &store.FleetWrites{Beats: []store.Gateway{b}}})
			st.fleet(a, b)
		}},
		{"takes a gateway out when it leaves, and nobody else", func(st *stand) {
			a, b := NewGateway("a"), NewGateway("b")
			st.applied(store.Writes{Fleet: &store.FleetWrites{Beats: []store.Gateway{a, b}}})
			st.applied(store.Writes{Fleet: &store.FleetWrites{Farewells: []store.Farewell{{Name: "a"}}}})
			st.fleet(b)
		}},
		{"forgets a gateway that is silent, and not one that has beaten meanwhile", func(st *stand) {
			silent, alive := NewGateway("silent"), NewGateway("alive")
			st.applied(store.Writes{Fleet: &store.FleetWrites{Beats: []store.Gateway{silent, alive}}})
			forget := []store.Farewell{{Name: "silent", SeenAt: silent.SeenAt}, {Name: "alive", SeenAt: alive.SeenAt}}
			alive.SeenAt = alive.SeenAt.Add(time.Microsecond)
			st.applied(store.Writes{Fleet: &store.FleetWrites{Beats: []store.Gateway{alive}}})
			st.applied(store.Writes{Fleet: &store.FleetWrites{Farewells: forget}})
			st.fleet(alive)
			st.applied(store.Writes{Fleet: &store.FleetWrites{Beats: []store.Gateway{silent}}}) // it was only slow
			st.fleet(alive, silent)
		}},
		{"adds up what a route has spent since an hour, whoever spent it", func(st *stand) {
			hour := Noon().Truncate(time.Hour)
			const gateways, times = 4, 5
			var running sync.WaitGroup
			for range gateways {
				running.Go(func() {
					for range times {
						_, err := st.s.Apply(st.t.Context(), store.Writes{Fleet: &store.FleetWrites{Spends: []store.Spend{
							{Route: "sms", Hour: Noon(), Units: 3}, {Route: "email", Hour: hour.Add(-time.Hour), Units: 2},
						}}})
						if err != nil {
							st.t.Errorf("spending: %v", err)
						}
					}
				})
			}
			running.Wait()
			st.spent(hour, store.Spend{Route: "sms", Hour: hour, Units: gateways * times * 3})
			st.spent(Noon().Add(-time.Hour), store.Spend{Route: "email", Hour: hour.Add(-time.Hour), Units: gateways * times * 2},
				store.Spend{Route: "sms", Hour: hour.Add(-time.Hour), Units: gateways * times * 3})
		}},
		{"forgets what was spent two days ago", func(st *stand) {
			old := Noon().Add(-72 * time.Hour).Truncate(time.Hour)
			st.applied(store.Writes{Fleet: &store.FleetWrites{Spends: []store.Spend{{Route: "sms", Hour: old, Units: 1}}}})
			st.spent(old, store.Spend{Route: "sms", Hour: old, Units: 1})
			st.applied(store.Writes{Fleet: &store.FleetWrites{Spends: []store.Spend{{Route: "sms", Hour: Noon(), Units: 5}}}})
			st.spent(old, store.Spend{Route: "sms", Hour: old, Units: 5})
		}},
	}
}

// NewGateway is a gateway of the name that has just beaten.
func NewGateway(name string) store.Gateway {
	return store.Gateway{Name: name, Host: "host-" + name, Version: "1.2.3", Since: Noon(), SeenAt: Noon()}
}

func (st *stand) fleet(want ...store.Gateway) {
	st.t.Helper()
	got, err := st.s.Gateways(st.t.Context())
	st.ok(err, "listing gateways")
	st.check(len(got) == len(want), "there are as many gateways as live")
	for i := range want {
		st.same("gateway", got[i], want[i])
	}
}

func (st *stand) spent(from time.Time, want ...store.Spend) {
	st.t.Helper()
	got, err := st.s.Spent(st.t.Context(), from)
	st.ok(err, "adding up what was spent")
	st.same("spent", got, want)
}
