package main

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
)

// Result is all repetitions of one subject.
type Result struct {
	Section string
	Name    string
	Base    string
	Alike   bool
	Samples []Sample
}

// spread is the least, the median and the most.
func spread(values []float64) (least, median, most float64) {
	if len(values) == 0 {
		return 0, 0, 0
	}
	sorted := slices.Sorted(slices.Values(values))
	return sorted[0], sorted[len(sorted)/2], sorted[len(sorted)-1]
}

func (r Result) each(of func(Sample) float64) []float64 {
	values := make([]float64, len(r.Samples))
	for i, s := range r.Samples {
		values[i] = of(s)
	}
	return values
}

// ratios sets every repetition against that of the base in the same round.
func (r Result) ratios(base Result, of func(Sample) float64) []float64 {
	values := make([]float64, 0, len(r.Samples))
	for i := range min(len(r.Samples), len(base.Samples)) {
		values = append(values, of(r.Samples[i])/of(base.Samples[i]))
	}
	return values
}

func cpu(s Sample) float64 { return s.per(s.ClientCPU + s.ServerCPU) }

// printFacts says what is measured, where.
func printFacts(ctx context.Context, out io.Writer, db *Database, o Options) error {
	settings := []string{
		"server_version", "fsync", "synchronous_commit", "full_page_writes", "shared_buffers", "max_wal_size", "checkpoint_timeout",
		"data_checksums", "wal_compression", "autovacuum_naptime", "jit",
	}
	said := make([]string, 0, len(settings))
	for _, name := range settings {
		var v string
		if err := db.admin.QueryRow(ctx, "select current_setting($1)", name).Scan(&v); err != nil {
			return err
		}
		said = append(said, name+"="+v)
	}
	same := "the product's, to the letter"
	switch apart, err := drift(filepath.Join("..", "adapters", "driven", "postgres")); {
	case err != nil:
		same = "not compared with the product's: " + err.Error()
	case len(apart) > 0:
		same = "NOT the product's any more: " + strings.Join(apart, ", ")
	}
	load, _ := os.ReadFile("/proc/loadavg") // elsewhere than on Linux: none
	_, err := fmt.Fprintf(out, "machine     %d processors for client and server, %s %s/%s, load %s\nPostgreSQL  %s\nraw         statements are %s\nrun         %d rows, %d workers, %d callers, batch %d, %d repetitions, min / median / max\n\n",
		runtime.NumCPU(), runtime.Version(), runtime.GOOS, runtime.GOARCH, strings.TrimSpace(string(load)), strings.Join(said, " "), same,
		o.Rows, o.Workers, o.Callers, o.Batch, o.Reps)
	return err
}

// printSection prints the table of a section and whether both sides wrote the same rows.
func printSection(out io.Writer, section string, results []Result) {
	fmt.Fprintf(out, "%s\n", section)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "  subject\trows/s\tratio to raw\tCPU ratio\tclient µs/row\tserver µs/row\tWAL B/row\tnote")
	for _, r := range results {
		least, median, most := spread(r.each(Sample.Rate))
		ratio, cost := "", ""
		if i := slices.IndexFunc(results, func(b Result) bool { return b.Name == r.Base }); i >= 0 {
			a, b, c := spread(r.ratios(results[i], Sample.Rate))
			ratio = fmt.Sprintf("%.2f / %.2f / %.2f", a, b, c)
			a, b, c = spread(r.ratios(results[i], cpu))
			cost = fmt.Sprintf("%.2f / %.2f / %.2f", a, b, c)
		}
		_, client, _ := spread(r.each(func(s Sample) float64 { return s.per(s.ClientCPU) }))
		_, server, _ := spread(r.each(func(s Sample) float64 { return s.per(s.ServerCPU) }))
		wal, _, _ := spread(r.each(func(s Sample) float64 { return float64(s.WAL) / float64(s.Rows) }))
		fmt.Fprintf(w, "  %s\t%.0f / %.0f / %.0f\t%s\t%s\t%.0f\t%.0f\t%.0f\t%s\n", r.Name, least, median, most, ratio, cost, client, server, wal,
			r.Samples[len(r.Samples)-1].Note)
	}
	w.Flush()
	printCounts(out, results)
}

// printCounts compares the rows that the last repetition left.
func printCounts(out io.Writer, results []Result) {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "  rows left\t%s\t\n", strings.Join(hotTables(), "\t"))
	for _, r := range results {
		i := slices.IndexFunc(results, func(b Result) bool { return b.Name == r.Base })
		if i < 0 || !r.Alike {
			continue
		}
		have, want := r.Samples[len(r.Samples)-1].Counts, results[i].Samples[len(r.Samples)-1].Counts
		fmt.Fprintf(w, "  %s", r.Name)
		for _, table := range hotTables() {
			fmt.Fprintf(w, "\t%d", have[table])
		}
		fmt.Fprintf(w, "\t%s\n", compare(have, want))
	}
	w.Flush()
	fmt.Fprintln(out)
}

// compare says whether two runs left the same rows. Counters and ledger marks are written per commit, and two workers
// that race for the end of a backlog may part it into one claim more.
func compare(have, want Counts) string {
	said := "equal"
	for _, table := range hotTables() {
		switch perCommit := table == "counter" || table == "ledger_mark"; {
		case have[table] == want[table]:
		case perCommit:
			said = "equal; another number of commits"
		default:
			return "NOT EQUAL"
		}
	}
	return said
}

// writeCSV writes every repetition.
func writeCSV(path string, results []Result) (err error) {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	w := csv.NewWriter(f)
	head := []string{"section", "subject", "repetition", "rows", "seconds", "rows_per_s", "client_cpu_us_per_row", "server_cpu_us_per_row", "wal_bytes_per_row", "p50_ms", "p99_ms", "value", "note"}
	if err := w.Write(append(head, hotTables()...)); err != nil {
		return err
	}
	number := func(v float64) string { return strconv.FormatFloat(v, 'f', 3, 64) }
	for _, r := range results {
		for i, s := range r.Samples {
			row := []string{
				r.Section, r.Name, strconv.Itoa(i + 1), strconv.Itoa(s.Rows), number(s.Took.Seconds()), number(s.Rate()), number(s.per(s.ClientCPU)),
				number(s.per(s.ServerCPU)), number(float64(s.WAL) / float64(s.Rows)), number(p50(s)), number(p99(s)), number(s.Value), s.Note,
			}
			for _, table := range hotTables() {
				row = append(row, strconv.FormatInt(s.Counts[table], 10))
			}
			if err := w.Write(row); err != nil {
				return err
			}
		}
	}
	w.Flush()
	return w.Error()
}
