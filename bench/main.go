// Command bench measures Carillon beside the raw statements it sends, in the same run on the same server: what the
// gateway costs is the ratio of the two. It makes a database of its own on the server that TEST_POSTGRES_URL names,
// prints a table, writes results.csv, drops the database and ends.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"
)

// Options are what the command line says.
type Options struct {
	URL     string
	Rows    int
	Workers int
	Callers int
	Batch   int
	Reps    int
	Only    []string
	CSV     string
	Profile string
	Limit   time.Duration
}

// The sections of a run.
const (
	sectionAccept = "accept"
	sectionBulk   = "bulk"
	sectionSettle = "settle"
	sectionDue    = "due"
)

func sections() []string { return []string{sectionAccept, sectionBulk, sectionSettle, sectionDue} }

func main() {
	if err := bench(os.Args[1:], os.Stdout); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// bench runs what the arguments ask for. It ends by itself, at the latest when the limit has passed.
func bench(args []string, out io.Writer) error {
	o, err := parse(args)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, o.Limit)
	defer cancel()
	return measure(ctx, o, out)
}

func parse(args []string) (Options, error) {
	o := Options{}
	var only string
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.StringVar(&o.URL, "url", os.Getenv("TEST_POSTGRES_URL"), "the PostgreSQL server; loopback only")
	f.IntVar(&o.Rows, "rows", 20_000, "messages per repetition")
	f.IntVar(&o.Workers, "workers", 2, "commits under way at once, and claiming workers")
	f.IntVar(&o.Callers, "callers", 64, "concurrent callers of Accept")
	f.IntVar(&o.Batch, "batch", 500, "messages per bulk call and per claim")
	f.IntVar(&o.Reps, "reps", 5, "repetitions of each measurement")
	f.StringVar(&only, "only", "", "sections, separated by commas: "+strings.Join(sections(), ","))
	f.StringVar(&o.CSV, "csv", "results.csv", "where every repetition goes; empty: nowhere")
	f.StringVar(&o.Profile, "profile", "", "folder for CPU profiles of the Carillon runs; empty: none")
	f.DurationVar(&o.Limit, "limit", 30*time.Minute, "give up after")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	o.Only = sections()
	if only != "" {
		o.Only = strings.Split(only, ",")
	}
	return o, o.validate()
}

func (o Options) validate() error {
	if o.URL == "" {
		return errors.New("set TEST_POSTGRES_URL or -url")
	}
	if o.Rows < 1 || o.Workers < 1 || o.Callers < 1 || o.Batch < 1 || o.Reps < 1 {
		return errors.New("rows, workers, callers, batch and reps are positive")
	}
	for _, s := range o.Only {
		if !slices.Contains(sections(), s) {
			return fmt.Errorf("there is no section %q", s)
		}
	}
	return nil
}

// measure makes the database, runs the sections and reports.
func measure(ctx context.Context, o Options, out io.Writer) (err error) {
	db, err := createDatabase(ctx, o.URL)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Drop()) }()
	g, err := openGateway(ctx, db, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, g.Close()) }()
	if err := printFacts(ctx, out, db, o); err != nil {
		return err
	}
	var all []Result
	for _, s := range o.Only {
		results, err := runSection(ctx, g, s)
		if err != nil {
			return fmt.Errorf("%s: %w", s, err)
		}
		printSection(out, s, results)
		all = append(all, results...)
	}
	if o.CSV == "" {
		return nil
	}
	return writeCSV(o.CSV, all)
}

// runSection runs every subject of a section in turn, as often as asked, after one short round that counts for nothing.
func runSection(ctx context.Context, g *Gateway, section string) ([]Result, error) {
	subjects := subjectsOf(g, section)
	results := make([]Result, len(subjects))
	for i, s := range subjects {
		results[i] = Result{Section: section, Name: s.Name, Base: s.Base, Alike: s.Alike}
	}
	for rep := range g.options.Reps + 1 {
		rows := g.options.Rows
		if rep == 0 {
			rows = max(rows/5, g.options.Batch)
		}
		for i, s := range subjects {
			fmt.Fprintf(os.Stderr, "\r%-90s", fmt.Sprintf("%s %d/%d: %s", section, rep, g.options.Reps, s.Name))
			sample, err := s.Run(ctx, rows)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", s.Name, err)
			}
			if rep > 0 {
				results[i].Samples = append(results[i].Samples, sample)
			}
		}
	}
	fmt.Fprintf(os.Stderr, "\r%-90s\r", "")
	return results, nil
}

// Subject is one thing that is measured.
type Subject struct {
	Name  string
	Base  string // the subject it is set against; empty: none
	Alike bool   // it must leave as many rows in each table as its base does
	Run   func(ctx context.Context, rows int) (Sample, error)
}

func subjectsOf(g *Gateway, section string) []Subject {
	switch section {
	case sectionAccept:
		return acceptSubjects(g)
	case sectionBulk:
		return bulkSubjects(g)
	case sectionSettle:
		return settleSubjects(g)
	default:
		return dueSubjects(g)
	}
}
