package main

import (
	"context"
	"io"

	"github.com/alecthomas/kong"

	"carillon/cmd/internal/cli"
)

// CLI is the command line.
type CLI struct {
	SettingsFile kong.ConfigFlag `name:"settings" help:"YAML file of settings; its keys are the names of the flags." placeholder:"FILE"`

	Serve       ServeCmd       `cmd:"" help:"Run the gateway."`
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

// name is what the program is called.
const name = "carillon"

const examples = `
Examples:
  carillon key create --name cis --role cis --source cis --division NORTH --store carillon.db
  carillon serve --store postgres://carillon@127.0.0.1/carillon --kafka-brokers 127.0.0.1:9092
  carillon batch run LTRPRT --url http://127.0.0.1:8080 --key crl_…
  carillon contacts send march.ndjson --url http://127.0.0.1:8080 --key crl_…
  carillon dead-letters replay --route sms-north --reason unavailable --settled-from 2026-03-02T00:00:00Z --apply
  carillon config diff utility.yaml              say what a file would change; status 1 when there is anything
  carillon doctor --store carillon.db --output json
  carillon ledger verify --store carillon.db     recompute every hash of the ledger; status 1 when one is wrong
  carillon recover --store postgres://carillon@127.0.0.1/carillon --since 2026-03-02T01:30:00Z --dry-run
`

// VersionCmd prints the version.
type VersionCmd struct{}

// Run prints it.
func (VersionCmd) Run(w cli.World) error { return w.Version(name) }

// Main runs a command line and returns its exit status: 0 done, 1 failed, 2 not understood.
func Main(ctx context.Context, args []string, out, errOut io.Writer) int {
	return cli.Run(ctx, cli.Program{
		Name: name, Grasp: &CLI{},
		Tells: "The outbound communications gateway of a utility: customer contacts in; letters, texts, emails and calls out, " +
			"each seen through to a proven outcome.\n" + examples,
	}, args, out, errOut)
}
