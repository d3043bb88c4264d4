// Command bench measures Carillon beside the raw statements it sends, in the same run on the same server: what the
// gateway costs is the ratio of the two. It makes a database of its own on the server that TEST_POSTGRES_URL names,
// prints tables and a list of goals, writes results.csv, drops the database and ends. Where the whole way of a message is
// measured, the gateway is a process of its own, built from this repository, beside a double of SNS.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"time"
)

// Options are what the command line says.
type Options struct {
	URL       string
	Rows      int
	Workers   int
	Callers   int
	Batch     int
	Reps      int
	Backlog   int           // of the deep section
	Churn     int           // settlements before its second half
	Reminders int           // that become To Dos
	Customers int           // persons that are searched
	Bulk      int           // what waits behind the emergencies
	Phase     time.Duration // of one round of emergencies, and half of the watch over memory
	Slots     int           // calls at once, of the gateway and of the bare loop
	Quick     bool
	Only      []string
	CSV       string
	Profile   string
	Limit     time.Duration
}

// section is a part of a run: it measures its subjects and brings their results.
type section struct {
	name    string
	asked   bool // only when it is named
	measure func(ctx context.Context, g *Gateway, section string) ([]Result, error)
}

func sections() []section {
	return []section{
		{name: "settle", measure: rounds(settleSubjects)},
		{name: "accept", measure: rounds(acceptSubjects)},
		{name: "http", measure: withHost(webSubjects)},
		{name: "bulk", measure: withHost(bulkSubjects)},
		{name: "travel", measure: withHost(travelSubjects)},
		{name: "emergency", measure: withHost(emergencySubjects)},
		{name: "deep", measure: deep},
		{name: "search", asked: true, measure: searching},
		{name: "reminders", asked: true, measure: rounds(reminderSubjects)},
		{name: "due", asked: true, measure: rounds(dueSubjects)},
	}
}

func sectionNames() []string {
	var names []string
	for _, s := range sections() {
		names = append(names, s.name)
	}
	return names
}

// gcPercent is what cmd/carillon sets: the product is measured in this process too.
const gcPercent = 400

func main() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
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
	f.IntVar(&o.Callers, "callers", 64, "concurrent callers, and connections of the load generator")
	f.IntVar(&o.Batch, "batch", 500, "messages per bulk call and per claim")
	f.IntVar(&o.Reps, "reps", 5, "repetitions of each measurement")
	f.IntVar(&o.Backlog, "backlog", 5_000_000, "messages that wait in the deep section")
	f.IntVar(&o.Churn, "churn", 2_000_000, "settlements before the deep section measures again")
	f.IntVar(&o.Reminders, "reminders", 1_000_000, "reminders that become To Dos")
	f.IntVar(&o.Bulk, "bulk", 1_000_000, "bulk messages that wait behind the emergencies")
	f.IntVar(&o.Customers, "customers", 1_000_000, "persons that are searched")
	f.DurationVar(&o.Phase, "phase", 30*time.Second, "how long emergencies are posted, once with and once without the bulk")
	f.IntVar(&o.Slots, "slots", 64, "calls at once, of the gateway's route and of the bare loop")
	f.BoolVar(&o.Quick, "quick", false, "a small run for development: its figures answer no goal")
	f.StringVar(&only, "only", "", "sections, separated by commas: "+strings.Join(sectionNames(), ","))
	f.StringVar(&o.CSV, "csv", "results.csv", "where every repetition goes; empty: nowhere")
	f.StringVar(&o.Profile, "profile", "", "folder for CPU profiles of Carillon's runs; empty: none")
	f.DurationVar(&o.Limit, "limit", 30*time.Minute, "give up after")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	if o.Quick {
		if err := shrink(f); err != nil {
			return o, err
		}
	}
	for _, s := range sections() {
		if only == "" && !s.asked {
			o.Only = append(o.Only, s.name)
		}
	}
	if only != "" {
		o.Only = strings.Split(only, ",")
	}
	return o, o.validate()
}

// shrink sets what the command line does not to a size for development.
func shrink(f *flag.FlagSet) error {
	small := map[string]string{
		"rows": "4000", "reps": "1", "backlog": "200000", "churn": "50000", "bulk": "50000", "reminders": "50000", "phase": "4s", "customers": "50000",
	}
	f.Visit(func(given *flag.Flag) { delete(small, given.Name) })
	for name, value := range small {
		if err := f.Set(name, value); err != nil {
			return err
		}
	}
	return nil
}

func (o Options) validate() error {
	if o.URL == "" {
		return errors.New("set TEST_POSTGRES_URL or -url")
	}
	if min(o.Rows, o.Workers, o.Callers, o.Batch, o.Reps, o.Backlog, o.Churn, o.Bulk, o.Reminders, o.Customers, o.Slots) < 1 || o.Phase < time.Second {
		return errors.New("numbers are positive, and a phase has a second")
	}
	if o.Churn > o.Backlog/2 {
		return errors.New("the churn is at most half of the backlog")
	}
	for _, s := range o.Only {
		if !slices.Contains(sectionNames(), s) {
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
	if err := g.loadPersons(ctx, 5000); err != nil {
		return err
	}
	var all []Result
	for _, s := range sections() {
		if !slices.Contains(o.Only, s.name) {
			continue
		}
		results, err := s.measure(ctx, g, s.name)
		if err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		fmt.Fprintf(os.Stderr, "\r%-90s\r", "")
		printSection(out, s.name, results)
		all = append(all, results...)
	}
	printGoals(out, o, all)
	if o.CSV == "" {
		return nil
	}
	return writeCSV(o.CSV, all)
}

// rounds measures the subjects of a section in turn, as often as asked, after one short round that counts for nothing.
func rounds(subjects func(*Gateway) []Subject) func(context.Context, *Gateway, string) ([]Result, error) {
	return func(ctx context.Context, g *Gateway, section string) ([]Result, error) {
		return inTurn(ctx, g.options, section, subjects(g))
	}
}

func inTurn(ctx context.Context, o Options, section string, subjects []Subject) ([]Result, error) {
	results := make([]Result, len(subjects))
	for i, s := range subjects {
		results[i] = Result{Section: section, Name: s.Name, Base: s.Base, Alike: s.Alike}
	}
	for rep := range o.Reps + 1 {
		rows := o.Rows
		if rep == 0 {
			rows = max(rows/5, o.Batch)
		}
		for i, s := range subjects {
			if rep == 0 && s.Steady || s.Rounds > 0 && rep > s.Rounds {
				continue
			}
			progress(section, rep, o.Reps, s.Name)
			sample, err := s.Run(ctx, rows)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", s.Name, err)
			}
			if rep > 0 {
				results[i].Samples = append(results[i].Samples, sample)
			}
		}
	}
	return results, nil
}

func progress(section string, rep, reps int, name string) {
	fmt.Fprintf(os.Stderr, "\r%-90.90s", fmt.Sprintf("%s %d/%d: %s", section, rep, reps, name))
}

// Subject is one thing that is measured.
type Subject struct {
	Name   string
	Base   string // the subject it is set against; empty: none
	Alike  bool   // it must leave as many rows in each table as its base does
	Steady bool   // it needs no round that counts for nothing
	Rounds int    // repetitions at most; 0: as many as are asked for
	Run    func(ctx context.Context, rows int) (Sample, error)
}
