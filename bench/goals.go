package main

import (
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
	"time"
)

// Goal is what a measure is held against.
type Goal struct {
	Measure string
	Subject string
	Base    string // set against it round by round; empty: by itself
	Of      func(Sample) float64
	ByCPU   bool // the time of processors tells it too, and neighbours disturb it less
	Want    float64
	Most    bool // at most, else at least
	Unit    string
}

func p50(s Sample) float64 { return ms(s.P50) }
func p99(s Sample) float64 { return ms(s.P99) }

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// outpost is what a comparable system stores and delivers per second on such a machine.
const outpost = 2100

// goals are what the product promises of its speed.
func goals(o Options) []Goal {
	return []Goal{
		{Measure: "claim and settle ÷ River's no-op jobs", Subject: settleName(o), Base: riverName, Of: Sample.Rate, ByCPU: true, Want: 1.3},
		{Measure: "claim and settle ÷ raw statements", Subject: settleName(o), Base: rawSettle, Of: Sample.Rate, ByCPU: true, Want: 0.8},
		{Measure: "accept over HTTP ÷ raw group commit behind a bare handler", Subject: webName(o), Base: rawWeb(o), Of: Sample.Rate, ByCPU: true, Want: 0.75},
		{Measure: "p99 of the same", Subject: webName(o), Base: rawWeb(o), Of: p99, Want: 2, Most: true},
		{Measure: "bulk intake (prepare, apply) ÷ raw statements", Subject: bulkName(o), Base: rawBulk, Of: Sample.Rate, ByCPU: true, Want: 0.6},
		{Measure: "bulk intake (NDJSON over HTTP) ÷ raw statements", Subject: linesName, Base: rawBulk, Of: Sample.Rate, ByCPU: true, Want: 0.6},
		{Measure: "accept to settled ÷ bare SDK loop", Subject: travelName(o), Base: bareName(o), Of: Sample.Rate, ByCPU: true, Want: 0.4},
		{Measure: "accept to settled", Subject: travelName(o), Of: Sample.Rate, Want: 4 * outpost, Unit: "/s"},
		{Measure: "claim and settle, deep backlog ÷ 10 000", Subject: deepName(o), Base: freshName, Of: Sample.Rate, ByCPU: true, Want: 0.85},
		{Measure: "claim and settle, after the churn ÷ 10 000 fresh", Subject: churnedName(o), Base: freshAgain, Of: Sample.Rate, ByCPU: true, Want: 0.85},
		{Measure: "emergency p99, bulk draining ÷ without", Subject: burdenedName(o), Base: aloneName, Of: p99, Want: 1.5, Most: true},
		{Measure: "search by name, p95 ÷ bare indexed query", Subject: searchName(o), Base: bareSearch(o), Of: Sample.gauge, Want: 2, Most: true},
		{Measure: "idle, accept to provider, p50", Subject: idleName, Of: p50, Want: 5, Most: true, Unit: "ms"},
		{Measure: "To Dos of reminders (TD-CCCB) ÷ bare set-based SQL", Subject: reminderName(o), Base: rawReminders, Of: Sample.Rate, ByCPU: true, Want: 0.3},
		{Measure: "resident memory, deep backlog draining", Subject: memoryName(o), Of: Sample.gauge, Want: 128, Most: true, Unit: "MiB"},
	}
}

// perCPU are rows for each second of a processor, the client's and the server's.
func perCPU(s Sample) float64 { return 1 / cpu(s) }

// got are the values of a goal, one for each round; none when it was not measured.
func (g Goal) got(all []Result, of func(Sample) float64) []float64 {
	at := func(name string) int { return slices.IndexFunc(all, func(r Result) bool { return r.Name == name }) }
	i := at(g.Subject)
	switch {
	case i < 0:
		return nil
	case g.Base == "":
		return all[i].each(of)
	}
	base := at(g.Base)
	if base < 0 {
		return nil
	}
	return all[i].ratios(all[base], of)
}

// met holds the median against the goal.
func (g Goal) met(median float64) bool {
	if g.Most {
		return median <= g.Want
	}
	return median >= g.Want
}

// printGoals prints what was asked and what was got.
func printGoals(out io.Writer, o Options, all []Result) {
	fmt.Fprintln(out, "goals")
	if o.Quick {
		fmt.Fprintln(out, "  a small run: these figures answer no goal")
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "  measure\tgot (min / median / max)\tgoal\t\tby CPU")
	for _, g := range goals(o) {
		values := g.got(all, g.Of)
		sign := "≥"
		if g.Most {
			sign = "≤"
		}
		if len(values) == 0 {
			fmt.Fprintf(w, "  %s\tnot measured\t%s %s\t\t\n", g.Measure, sign, g.number(g.Want))
			continue
		}
		least, median, most := spread(values)
		said := "met"
		if !g.met(median) {
			said = "MISSED"
		}
		processors := ""
		if g.ByCPU {
			_, middle, _ := spread(g.got(all, perCPU))
			processors = g.number(middle)
		}
		fmt.Fprintf(w, "  %s\t%s / %s / %s\t%s %s\t%s\t%s\n",
			g.Measure, g.number(least), g.number(median), g.number(most), sign, g.number(g.Want), said, processors)
	}
	w.Flush()
}

// number writes a value as its size asks for.
func (g Goal) number(v float64) string {
	switch {
	case g.Unit == "":
		return fmt.Sprintf("%.2f", v)
	case v >= 100:
		return fmt.Sprintf("%.0f %s", v, g.Unit)
	}
	return fmt.Sprintf("%.1f %s", v, g.Unit)
}
