package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := perform(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if status, ok := errors.AsType[exitError](err); ok {
		os.Exit(int(status)) // the command has told why itself
	}
	if err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "dev:", err)
		os.Exit(1)
	}
}

// perform carries out one verb. Results go to out, progress to notes.
func perform(ctx context.Context, args []string, out, notes io.Writer) error {
	if len(args) == 0 {
		return errors.New("say what to do: up, run -- COMMAND, status, env, tool NAME or down")
	}
	s, err := openSite(notes)
	if err != nil {
		return err
	}
	parts := allParts(s)
	switch args[0] {
	case "up":
		return s.up(ctx, parts, true)
	case "down":
		return s.down(ctx)
	case "status":
		return s.status(ctx, out)
	case "env":
		return s.printEnv(out)
	case "tool":
		return s.tool(ctx, parts, args[1:], out)
	case "run":
		command := args[1:]
		if len(command) > 0 && command[0] == "--" {
			command = command[1:]
		}
		if len(command) == 0 {
			return errors.New("run: give a command after --")
		}
		return s.around(ctx, parts, command)
	}
	return fmt.Errorf("unknown verb %q: up, run -- COMMAND, status, env, tool NAME or down", args[0])
}
