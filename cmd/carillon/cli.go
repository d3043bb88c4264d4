package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"

	"github.com/alecthomas/kong"

	"carillon/adapters/kit/telemetry"
	"carillon/core/fault"
)

// CLI is the command line.
type CLI struct {
	SettingsFile kong.ConfigFlag `name:"settings" help:"YAML file of settings; its keys are the names of the flags." placeholder:"FILE"`

	Serve       ServeCmd       `cmd:"" help:"Run the gateway."`
	Demo        DemoCmd        `cmd:"" help:"Run the gateway against simulated providers and post a morning of contacts."`
	Simulate    SimulateCmd    `cmd:"" help:"Run the simulated providers apart."`
	Key         KeyCmd         `cmd:"" help:"Create, list and revoke keys of the API."`
	Config      ConfigCmd      `cmd:"" help:"Show, check and change the configuration."`
	Algorithms  AlgorithmsCmd  `cmd:"" help:"List what may hang on the spots of the configuration, with its parameters."`
	Contacts    ContactsCmd    `cmd:"" help:"Post files of contacts through the API of a running gateway."`
	Batch       BatchCmd       `cmd:"" help:"Run batches and see their runs, through the API of a running gateway."`
	Hold        HoldCmd        `cmd:"" help:"Put, lift and list legal holds: what they name, retention leaves alone."`
	DeadLetters DeadLettersCmd `cmd:"" help:"List and replay messages that ended badly, through the API of a running gateway."`
	Cancel      CancelCmd      `cmd:"" help:"Stop what has not begun, through the API of a running gateway."`
	ToDos       ToDosCmd       `cmd:"" name:"todos" help:"List and show work that only people can do, through the API of a running gateway."`
	Doctor      DoctorCmd      `cmd:"" help:"List the gateways, and recount the conservation sums from the tables."`
	Ledger      LedgerCmd      `cmd:"" help:"Check the ledger, prove its entries, and make the key that signs it."`
	Recover     RecoverCmd     `cmd:"" help:"Make a store that was restored from a backup safe to run on."`
	Version     VersionCmd     `cmd:"" help:"Print the version."`
}

// world is what a command may touch outside of its settings.
type world struct {
	ctx    context.Context //nolint:containedctx // the life of one command
	out    io.Writer
	errOut io.Writer
	getenv func(string) string
}

// logger logs to standard error: standard output is for what the command was asked for.
func (w world) logger(s Settings) *slog.Logger {
	return telemetry.NewLogger(w.errOut, s.LogLevel, s.LogFormat)
}

const examples = `
Examples:
  carillon demo                                  see messages travel, then try the API
  carillon demo --exit --output json             the same for a script; status 1 when the sums do not add up
  carillon demo --gameday --exit                 see providers fail; status 1 when anything was lost
  carillon key create --name cis --role cis --source cis --division NORTH --store carillon.db
  carillon serve --store postgres://carillon@127.0.0.1/carillon --kafka-brokers 127.0.0.1:9092
  carillon simulate --listen 127.0.0.1:9100      simulated SNS, SES, dialer, Kafka and DMS
  carillon batch run LTRPRT --url http://127.0.0.1:8080 --key crl_…
  carillon contacts send march.ndjson --url http://127.0.0.1:8080 --key crl_…
  carillon dead-letters replay --route sms-north --reason unavailable --settled-from 2026-03-02T00:00:00Z --apply
  carillon config diff utility.yaml              say what a file would change; status 1 when there is anything
  carillon doctor --store carillon.db --output json
  carillon ledger verify --store carillon.db     recompute every hash of the ledger; status 1 when one is wrong
  carillon recover --store postgres://carillon@127.0.0.1/carillon --since 2026-03-02T01:30:00Z --dry-run
`

// exit ends the parser by a panic that Main understands: nothing but main ends the process.
type exit int

// Main runs a command line and returns its exit status: 0 done, 1 failed, 2 not understood.
func Main(ctx context.Context, args []string, out, errOut io.Writer, getenv func(string) string) (code int) {
	defer func() {
		if r := recover(); r != nil {
			e, ours := r.(exit)
			if !ours {
				panic(r)
			}
			code = int(e)
		}
	}()
	var cli CLI
	parser, err := kong.New(&cli,
		kong.Name("carillon"),
		kong.Description("The outbound communications gateway of a utility: customer contacts in; letters, texts, emails and calls out, each seen through to a proven outcome.\n"+examples),
		kong.UsageOnError(),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, NoExpandSubcommands: true}),
		kong.DefaultEnvars("CARILLON"),
		kong.Configuration(yamlSettings),
		kong.Writers(out, errOut),
		kong.Exit(func(code int) { panic(exit(code)) }),
	)
	if err != nil {
		fmt.Fprintln(errOut, "carillon:", err)
		return 2
	}
	parsed, err := parser.Parse(args)
	if err != nil {
		fmt.Fprintln(errOut, "carillon:", err)
		fmt.Fprintln(errOut, "carillon --help says what there is")
		return 2
	}
	if err := parsed.Run(world{ctx: ctx, out: out, errOut: errOut, getenv: getenv}); err != nil {
		if errors.Is(err, errUnbalanced) || errors.Is(err, errDiffers) {
			return 1
		}
		fmt.Fprintln(errOut, "carillon:", explain(err))
		return 1
	}
	return 0
}

// explain writes a fault for a person: every wrong field on a line of its own.
func explain(err error) string {
	var f *fault.Error
	if !errors.As(err, &f) || len(f.Violations) == 0 {
		return err.Error()
	}
	var b strings.Builder
	b.WriteString(f.Text)
	for _, v := range f.Violations {
		b.WriteString("\n  " + v.Field + " " + v.Reason)
	}
	return b.String()
}

// VersionCmd prints the version.
type VersionCmd struct{}

// Run prints it.
func (VersionCmd) Run(w world) error {
	b := telemetry.ReadBuild()
	_, err := fmt.Fprintln(w.out, "carillon", b.Version, b.Revision, b.Go)
	return err
}

// must be a file we can read: kong would say so later and less clearly.
func readFile(name string) ([]byte, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, "reading "+name+": "+err.Error(), err)
	}
	return text, nil
}
