// Command carillon-demo shows Carillon to whoever wants to see it, and breaks its providers on purpose. The gateway
// itself is the command carillon: nothing of this is in it.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata" // zones of recipients, wherever it runs

	"carillon/cmd/internal/demo"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := demo.Main(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}
