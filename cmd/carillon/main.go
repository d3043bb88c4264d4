// Command carillon is the outbound communications gateway of a utility: customer contacts in, letters, texts, emails
// and calls out, each seen through to a proven outcome.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"
	_ "time/tzdata" // zones of recipients, wherever it runs

	_ "golang.org/x/crypto/x509roots/fallback" // authorities to trust where the system has none: an image of one file
)

func main() {
	if os.Getenv("GOGC") == "" && os.Getenv("GOMEMLIMIT") == "" {
		go mindHeap(time.Tick(heapEvery))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := Main(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}
