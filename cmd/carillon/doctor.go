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
)

// errUnbalanced ends a command with status 1 after it has printed what does not add up.
var errUnbalanced = errors.New("the sums do not add up")

// DoctorCmd lists the gateways and recounts the conservation sums.
type DoctorCmd struct {
	storeSettings

	Since  time.Duration `help:"How far back to count." default:"8760h"`
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
	audit, err := batch.Check(w.ctx, st, now.Add(-c.Since).Truncate(time.Hour), now.Add(time.Hour))
	if err != nil {
		return err
	}
	gateways, err := st.Gateways(w.ctx)
	if err != nil {
		return err
	}
	if c.Output == "json" {
		said := auditJSON(audit)
		said["gateways"] = gatewaysJSON(gateways)
		err = json.NewEncoder(w.out).Encode(said)
	} else {
		printGateways(w.out, now, gateways)
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
