package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"

	"carillon/core/batch"
	"carillon/core/message"
	"carillon/core/store"
)

// errUnbalanced ends a command with status 1 after it has printed what does not add up.
var errUnbalanced = errors.New("the sums do not add up")

// DoctorCmd lists the gateways and recounts the conservation sums.
type DoctorCmd struct {
	storeSettings

	Since  time.Duration `help:"How far back to count." default:"8760h"`
	Hours  int           `help:"Recount this many of the newest closed hours one by one instead, and show every hour in which the counters differ from the tables." placeholder:"N"`
	Output string        `help:"table or json." enum:"table,json" default:"table"`
}

// Run prints the sums; its status is 1 when they do not add up or the counters say something else.
func (c *DoctorCmd) Run(w world) error {
	st, err := openStore(w.ctx, Settings{Store: c.Store})
	if err != nil {
		return err
	}
	defer closing(st)
	now := clock()
	if c.Hours > 0 {
		return c.hourly(w, st, now)
	}
	audit, err := batch.Check(w.ctx, st, now.Add(-c.Since).Truncate(time.Hour), now.Add(time.Hour))
	if err != nil {
		return err
	}
	gateways, err := st.Gateways(w.ctx)
	if err != nil {
		return err
	}
	troubles, err := st.Troubles(w.ctx)
	if err != nil {
		return err
	}
	if err := st.Check(w.ctx); err != nil {
		troubles = append(troubles, explain(err))
	}
	if c.Output == "json" {
		said := auditJSON(audit)
		said["warnings"] = append([]string{}, troubles...)
		said["gateways"] = gatewaysJSON(gateways)
		err = json.NewEncoder(w.out).Encode(said)
	} else {
		printGateways(w.out, now, gateways)
		for _, t := range troubles {
			fmt.Fprintln(w.out, "warning:", t)
		}
		printSums(w.out, audit.Recounted)
		if !batch.Equal(audit.Counted, audit.Recounted) {
			fmt.Fprintln(w.out, "the counters say:")
			printSums(w.out, audit.Counted)
		}
	}
	if err == nil && !audit.Balanced() {
		return errUnbalanced
	}
	return err
}

// hourly recounts hour by hour; its status is 1 when an hour differs.
func (c *DoctorCmd) hourly(w world, st store.Conservation, now time.Time) error {
	differing := 0
	encoder := json.NewEncoder(w.out)
	for i := range c.Hours {
		hour := now.Truncate(time.Hour).Add(-time.Duration(i+1) * time.Hour)
		counted, recounted, err := st.Recount(w.ctx, hour, hour.Add(time.Hour))
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
			printHour(w.out, a)
		}
		if err != nil {
			return err
		}
	}
	if c.Output != "json" {
		fmt.Fprintf(w.out, "%d of %d hours differ\n", differing, c.Hours)
	}
	if differing > 0 {
		return errUnbalanced
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

// sumsJSON is channel → place → number, over all urgencies.
func sumsJSON(rows []batch.Sum) map[string]map[string]int64 {
	out := make(map[string]map[string]int64)
	for _, c := range message.Channels() {
		row := map[string]int64{message.Accepted.String(): 0}
		for _, p := range message.Places() {
			row[p.String()] = 0
		}
		out[string(c)] = row
	}
	for _, s := range rows {
		row := out[string(s.Channel)]
		row[message.Accepted.String()] += s.Accepted
		for _, p := range message.Places() {
			row[p.String()] += s.Places[p]
		}
	}
	return out
}

func auditJSON(a batch.Audit) map[string]any {
	return map[string]any{
		"event": "audit", "balanced": a.Balanced(), "channels": sumsJSON(a.Recounted), "counters": sumsJSON(a.Counted),
		"from": a.From.Format(time.RFC3339), "to": a.To.Format(time.RFC3339),
	}
}

// printSums prints channel × outcome; each row adds up to what was accepted.
func printSums(out io.Writer, rows []batch.Sum) {
	sums := sumsJSON(rows)
	t := table.NewWriter()
	t.SetOutputMirror(out)
	head := table.Row{"channel", message.Accepted.String()}
	for _, p := range message.Places() {
		head = append(head, p.String())
	}
	t.AppendHeader(head)
	total := make(map[string]int64)
	line := func(name string, row map[string]int64) table.Row {
		r := table.Row{name, row[message.Accepted.String()]}
		for _, p := range message.Places() {
			r = append(r, row[p.String()])
		}
		return r
	}
	for _, c := range message.Channels() {
		t.AppendRow(line(string(c), sums[string(c)]))
		for k, v := range sums[string(c)] {
			total[k] += v
		}
	}
	t.AppendFooter(line("sum", total))
	t.Render()
}
