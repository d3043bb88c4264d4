// Package cli is what the command lines of both programs share: how they are parsed, what a command may touch, how
// errors are told, how progress is drawn, and how a running gateway is asked.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"github.com/alecthomas/kong"

	"carillon/adapters/kit/telemetry"
	"carillon/core/fault"
)

// World is what a command may touch outside of its settings.
type World struct {
	Ctx    context.Context //nolint:containedctx // the life of one command
	Out    io.Writer
	ErrOut io.Writer
}

// Logger logs to standard error: standard output is for what the command was asked for.
func (w World) Logger(level slog.Level, format telemetry.Format) *slog.Logger {
	return telemetry.NewLogger(w.ErrOut, level, format)
}

// ErrTold is within an error that the command has told already: it ends with status 1 and nothing more is printed.
var ErrTold = errors.New("told")

// ErrUnbalanced ends a command with status 1 after it has printed what does not add up.
var ErrUnbalanced = fmt.Errorf("the sums do not add up: %w", ErrTold)

// exit ends the parser by a panic that Run understands: nothing but main ends the process.
type exit int

// Program is a command line.
type Program struct {
	Name  string
	Tells string // what it is, with examples
	Grasp any    // a pointer to the struct of its commands
}

// Options are how a command line is parsed: flags, then variables of the environment, then the file of settings.
func Options() []kong.Option {
	return []kong.Option{kong.DefaultEnvars("CARILLON"), kong.Configuration(SettingsFile)}
}

// Run runs a command line and returns its exit status: 0 done, 1 failed, 2 not understood.
func Run(ctx context.Context, p Program, args []string, out, errOut io.Writer) (code int) {
	defer func() {
		if r := recover(); r != nil {
			e, ours := r.(exit)
			if !ours {
				panic(r)
			}
			code = int(e)
		}
	}()
	parser, err := kong.New(p.Grasp, append(Options(),
		kong.Name(p.Name),
		kong.Description(p.Tells),
		kong.UsageOnError(),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, NoExpandSubcommands: true}),
		kong.Writers(out, errOut),
		kong.Exit(func(code int) { panic(exit(code)) }),
	)...)
	if err != nil {
		fmt.Fprintln(errOut, p.Name+":", err)
		return 2
	}
	parsed, err := parser.Parse(args)
	if err != nil {
		fmt.Fprintln(errOut, p.Name+":", err)
		fmt.Fprintln(errOut, p.Name+" --help says what there is")
		return 2
	}
	if err := parsed.Run(World{Ctx: ctx, Out: out, ErrOut: errOut}); err != nil {
		if !errors.Is(err, ErrTold) {
			fmt.Fprintln(errOut, p.Name+":", Explain(err))
		}
		return 1
	}
	return 0
}

// Explain writes a fault for a person: every wrong field on a line of its own.
func Explain(err error) string {
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

// Version prints the version of the program.
func (w World) Version(program string) error {
	b := telemetry.ReadBuild()
	_, err := fmt.Fprintln(w.Out, program, b.Version, b.Revision, b.Go)
	return err
}
