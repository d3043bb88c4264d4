// Package demo is the program carillon-demo: a gateway against simulated providers and the utility that posts to it, a
// game day on which the providers fail, and the simulated providers apart. It stands beside its main so that the tests
// of both programs can run it in their own process. Nothing of it is linked into a gateway.
package demo

import (
	"context"
	"io"

	"github.com/alecthomas/kong"

	"carillon/cmd/internal/cli"
)

// Name is what the program is called.
const Name = "carillon-demo"

// Commands are those of the program.
type Commands struct {
	SettingsFile kong.ConfigFlag `name:"settings" help:"YAML file of settings; its keys are the names of the flags." placeholder:"FILE"`

	Run      RunCmd      `cmd:"" default:"withargs" help:"Run a gateway against simulated providers and post a morning of contacts; what happens without a command."`
	Simulate SimulateCmd `cmd:"" help:"Run the simulated providers apart."`
	Version  VersionCmd  `cmd:"" help:"Print the version."`
}

// VersionCmd prints the version.
type VersionCmd struct{}

// Run prints it.
func (VersionCmd) Run(w cli.World) error { return w.Version(Name) }

const tells = `Carillon to look at and to break: a gateway with simulated providers, and the providers apart.

Examples:
  carillon-demo                                   see messages travel, then try the API
  carillon-demo --exit --output json              the same for a script; status 1 when the sums do not add up
  carillon-demo --gameday --exit                  see providers fail; status 1 when anything was lost
  carillon-demo simulate --listen 127.0.0.1:9100  simulated SNS, SES, dialer, Kafka and DMS
`

// Main runs a command line and returns its exit status: 0 done, 1 failed, 2 not understood.
func Main(ctx context.Context, args []string, out, errOut io.Writer) int {
	return cli.Run(ctx, cli.Program{Name: Name, Tells: tells, Grasp: &Commands{}}, args, out, errOut)
}
