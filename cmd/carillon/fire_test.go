package main

import (
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
)

// TestChaosFire burns three gateways on one PostgreSQL: processes are killed, put to sleep and restarted, links are cut,
// slowed and reset, providers misbehave, in an order that a seed decides. Afterwards every contact must have come to
// its end, once. CARILLON_CHAOS=full adds Kafka and the death of the providers, and burns for CARILLON_CHAOS_MINUTES.
func TestChaosFire(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts servers")
	}
	full := os.Getenv("CARILLON_CHAOS") == "full"
	seed, burn, perSecond, patience := seedOf(t, 1), 12*time.Second, 20, 90*time.Second
	if full {
		seed, burn, perSecond, patience = seedOf(t, uint64(time.Now().UnixNano())), 5*time.Minute, 25, 5*time.Minute
		if text := os.Getenv("CARILLON_CHAOS_MINUTES"); text != "" {
			minutes, err := strconv.ParseFloat(text, 64)
			if err != nil {
				t.Fatal("CARILLON_CHAOS_MINUTES is no number")
			}
			burn = time.Duration(minutes * float64(time.Minute))
		}
	} else {
		t.Parallel()
	}
	t.Logf("seed %d: CARILLON_CHAOS_SEED=%d burns the same way", seed, seed)
	f := ignite(t, 3, full, seed, spawn)
	for _, g := range f.gateways {
		f.base = append(f.base, f.gauge(g, "go_goroutines"))
	}
	load := pour(t, "FIRE", f.gateways[0].cis, f.at, seed, perSecond, true)
	f.rest(time.Second)
	f.rage(time.Now().Add(burn))
	f.ready(time.Minute)
	accepted := load.stop(t, time.Minute)
	all := f.outcome(patience)
	v := f.check("FIRE", accepted, all)
	f.leaks()
	audit(t, f.database)
	f.ledger()
	f.report(all)
	f.table(v, load)
}

// leaks compares goroutines and connections with what they were.
func (f *fire) leaks() {
	f.t.Helper()
	for i, g := range f.gateways {
		most, now := f.base[i]+80, 0.0 // connections of providers that report keep two goroutines each for a while
		eventually(f.t, 60*time.Second, "the goroutines are as few as before", func() bool {
			now = f.gauge(g, "go_goroutines")
			return now <= most
		})
		f.t.Logf("gateway %d: %.0f goroutines before, %.0f after", i, f.base[i], now)
	}
	most := len(f.gateways) * 9
	eventually(f.t, 30*time.Second, "no connection to PostgreSQL is left over", func() bool {
		n, hanging := f.connections()
		return n <= most && hanging == 0
	})
}

// ledger verifies the ledger, once there is a command that does.
func (f *fire) ledger() {
	f.t.Helper()
	if _, out, _ := command(f.t, "ledger", "--help"); !strings.Contains(out, "verify") {
		return
	}
	if code, out, errOut := command(f.t, "ledger", "verify", "--store", f.database); code != 0 {
		f.t.Errorf("ledger verify: status %d: %s%s", code, out, errOut)
	}
}

// report logs what was done and where everything is.
func (f *fire) report(all *findings) {
	f.t.Helper()
	done := map[string]int{}
	for _, d := range f.timeline {
		done[d.name]++
	}
	ends := map[string]int{}
	for _, m := range all.messages {
		ends[m.Channel+" "+[]string{"", "pending", "in_doubt", "sent", "delivered", "unconfirmed", "failed", "suppressed", "cancelled", "expired"}[m.place()]]++
	}
	f.t.Logf("seed %d, disasters %v, ends %v", f.seed, done, ends)
}

// table prints the report.
func (f *fire) table(v verdicts, load *stream) {
	f.t.Helper()
	w := table.NewWriter()
	w.AppendRows([]table.Row{
		{"disasters", len(f.timeline)},
		{"contacts accepted", v.contacts},
		{"requests repeated for want of an answer", load.repeated.Load()},
		{"messages", v.messages},
		{"taken by a provider", v.taken},
		{"attempts", v.attempts},
		{"in doubt, each with its disaster", v.doubts},
		{"texts and emails taken twice, explained", v.explained},
		{"calls and letters repeated under their id", v.sameID},
	})
	lost, silent := 0, v.twice-v.explained
	if f.t.Failed() {
		lost = -1
	}
	w.AppendRows([]table.Row{{"lost", lost}, {"doubled in silence", silent}})
	f.t.Logf("\n%s", w.Render())
}
