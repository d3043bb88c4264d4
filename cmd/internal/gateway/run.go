package gateway

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"runtime/pprof"
	"strings"
	"sync"
	"time"
)

// Time the HTTP server gives to what is slow.
const (
	headerTimeout = 10 * time.Second
	bodyTimeout   = 60 * time.Second
	idleTimeout   = 2 * time.Minute
)

// Run serves and ticks until ctx ends: intake stops first, then calls under way are finished and settled, then the
// store is closed.
func (a *Gateway) Run(ctx context.Context, listener net.Listener) error {
	server := &http.Server{
		Handler: a.handler, ReadHeaderTimeout: headerTimeout, ReadTimeout: bodyTimeout, IdleTimeout: idleTimeout,
		ErrorLog: slog.NewLogLogger(a.log.Handler(), slog.LevelDebug),
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var failed error
	var serving, ticking sync.WaitGroup
	serving.Go(func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			failed = err
			stop()
		}
	})
	ticking.Go(func() { a.ticker.Run(ctx) })
	for _, beside := range a.extra {
		ticking.Go(func() { beside(ctx) })
	}
	<-ctx.Done()
	close(a.stopping)
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), a.settings.Grace+afterGrace)
	defer cancel()
	ended := make(chan error, 1)
	go func() {
		err := server.Shutdown(last)
		serving.Wait()
		ticking.Wait()
		a.fleet.Leave(last, a.log)
		a.chores.ReleaseThreads(last)
		a.chores.SealRest(last)
		ended <- errors.Join(failed, err, a.Close(last))
	}()
	return a.await(ended, a.settings.Grace+2*afterGrace)
}

// afterGrace is how long what is not a call may take when the gateway stops.
const afterGrace = 5 * time.Second

// errStuck ends a gateway whose parts do not: what it holds lapses, as after a kill, and others take it up.
var errStuck = errors.New("it did not stop in time, and is ended as it is")

// await waits for the end of a stop, but not for ever: a process that does not end keeps its port and its memory.
func (a *Gateway) await(ended <-chan error, most time.Duration) error {
	select {
	case err := <-ended:
		return err
	case <-time.After(most):
	}
	var stacks strings.Builder
	_ = pprof.Lookup("goroutine").WriteTo(&stacks, 1) // a builder takes everything
	a.log.Error("stopping takes too long", slog.String("stacks", stacks.String()))
	return errStuck
}
