package main

import (
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"

	"carillon/cmd/internal/cli"
	"carillon/cmd/internal/clock"
	"carillon/cmd/internal/settings"
	"carillon/cmd/internal/stores"
	"carillon/core/batch"
	"carillon/core/message"
	"carillon/core/store"
)

// DoctorCmd lists the gateways and recounts the conservation sums.
type DoctorCmd struct {
	storeSettings

	Since  time.Duration `help:"How far back to count." default:"8760h"`
	Hours  int           `help:"Recount this many of the newest closed hours one by one instead, and show every hour in which the counters differ from the tables." placeholder:"N"`
	Output string        `help:"table or json." enum:"table,json" default:"table"`
}

// Run prints the sums; its status is 1 when they do not add up or the counters say something else.
func (c *DoctorCmd) Run(w cli.World) error {
	st, err := stores.Open(w.Ctx, settings.Settings{Store: c.Store})
	if err != nil {
		return err
	}
	defer stores.Close(st)
	now := clock.Now()
	if c.Hours > 0 {
		return c.hourly(w, st, now)
	}
	audit, err := batch.Check(w.Ctx, st, now.Add(-c.Since).Truncate(time.Hour), now.Add(time.Hour))
	if err != nil {
		return err
	}
	gateways, err := st.Gateways(w.Ctx)
	if err != nil {
		return err
	}
	troubles, err := st.Troubles(w.Ctx)
	if err != nil {
		return err
	}
	if err := st.Check(w.Ctx); err != nil {
		troubles = append(troubles, cli.Explain(err))
	}
	if c.Output == "json" {
		said := auditJSON(audit)
		said["warnings"] = append([]string{}, troubles...)
		said["gateways"] = gatewaysJSON(gateways)
		err = json.NewEncoder(w.Out).Encode(said)
	} else {
		printGateways(w.Out, now, gateways)
		for _, t := range troubles {
			fmt.Fprintln(w.Out, "warning:", t)
		}
		cli.PrintSums(w.Out, audit.Recounted)
		if !batch.Equal(audit.Counted, audit.Recounted) {
			fmt.Fprintln(w.Out, "the counters say:")
			cli.PrintSums(w.Out, audit.Counted)
		}
	}
	if err == nil && !audit.Balanced() {
		return cli.ErrUnbalanced
	}
	return err
}

// hourly recounts hour by hour; its status is 1 when an hour differs.
func (c *DoctorCmd) hourly(w cli.World, st store.Conservation, now time.Time) error {
	differing := 0
	encoder := json.NewEncoder(w.Out)
	for i := range c.Hours {
		hour := now.Truncate(time.Hour).Add(-time.Duration(i+1) * time.Hour)
		counted, recounted, err := st.Recount(w.Ctx, hour, hour.Add(time.Hour))
		if err != nil {
			return err
		}
		a := batch.Audit{From: hour, To: hour.Add(time.Hour), Counted: batch.Add(counted), Recounted: batch.Add(recounted)}
		if !a.Balanced() {
			differing++
		}
		if c.Output == "json" {
			err = encoder.Encode(auditJSON(a))
		} else if !a.Balanced() {
			printHour(w.Out, a)
		}
		if err != nil {
			return err
		}
	}
	if c.Output != "json" {
		fmt.Fprintf(w.Out, "%d of %d hours differ\n", differing, c.Hours)
	}
	if differing > 0 {
		return cli.ErrUnbalanced
	}
	return nil
}

// printHour prints every number of an hour in which the counters and the tables differ.
func printHour(out io.Writer, a batch.Audit) {
	t := table.NewWriter()
	t.SetOutputMirror(out)
	t.SetTitle(a.From.Format(time.RFC3339))
	t.AppendHeader(table.Row{"channel", "urgency", "place", "counters", "tables"})
	type cell struct {
		channel message.Channel
		urgency message.Urgency
		place   message.Place
	}
	numbers := make(map[cell][2]int64)
	for side, rows := range [][]batch.Sum{a.Counted, a.Recounted} {
		for _, s := range rows {
			for p, n := range s.Places {
				c := cell{s.Channel, s.Urgency, p}
				both := numbers[c]
				both[side] += n
				numbers[c] = both
			}
			c := cell{s.Channel, s.Urgency, message.Accepted}
			both := numbers[c]
			both[side] += s.Accepted
			numbers[c] = both
		}
	}
	for _, c := range message.Channels() {
		for _, u := range message.Urgencies() {
			for _, p := range append([]message.Place{message.Accepted}, message.Places()...) {
				if n := numbers[cell{c, u, p}]; n[0] != n[1] {
					t.AppendRow(table.Row{string(c), u.String(), p.String(), n[0], n[1]})
				}
			}
		}
	}
	t.Render()
}

func auditJSON(a batch.Audit) map[string]any {
	return map[string]any{
		"event": "audit", "balanced": a.Balanced(), "channels": cli.SumsJSON(a.Recounted),
		"counters": cli.SumsJSON(a.Counted),
		"from":     a.From.Format(time.RFC3339), "to": a.To.Format(time.RFC3339),
	}
}

// gatewaysJSON are the gateways as doctor tells them.
func gatewaysJSON(all []store.Gateway) []map[string]any {
	out := make([]map[string]any, 0, len(all))
	for _, g := range all {
		out = append(out, map[string]any{
			"name": g.Name, "host": g.Host, "version": g.Version, "since": g.Since.Format(time.RFC3339),
			"seenAt": g.SeenAt.Format(time.RFC3339),
		})
	}
	return out
}

// printGateways prints who lives.
func printGateways(out io.Writer, now time.Time, all []store.Gateway) {
	if len(all) == 0 {
		fmt.Fprintln(out, "no gateway lives")
		return
	}
	t := table.NewWriter()
	t.SetOutputMirror(out)
	t.AppendHeader(table.Row{"gateway", "host", "version", "since", "last beat"})
	for _, g := range all {
		t.AppendRow(
			table.Row{
				g.Name,
				g.Host,
				g.Version,
				g.Since.Format(time.RFC3339),
				now.Sub(g.SeenAt).Round(time.Second).String() + " ago",
			},
		)
	}
	t.Render()
}
