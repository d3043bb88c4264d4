package cli

import (
	"io"

	"github.com/jedib0t/go-pretty/v6/table"

	"carillon/core/batch"
	"carillon/core/message"
)

// SumsJSON is channel → place → number, over all urgencies.
func SumsJSON(rows []batch.Sum) map[string]map[string]int64 {
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

// PrintSums prints channel × outcome; each row adds up to what was accepted.
func PrintSums(out io.Writer, rows []batch.Sum) {
	sums := SumsJSON(rows)
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
