package main

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

// ServeCmd runs the gateway.
type ServeCmd struct {
	Settings
}

// Run serves until it is told to stop.
func (c *ServeCmd) Run(w world) error {
	log := w.logger(c.Settings)
	a, err := build(w.ctx, c.Settings, log)
	if err != nil {
		return err
	}
	listener, err := (&net.ListenConfig{}).Listen(w.ctx, "tcp", c.Listen)
	if err != nil {
		return errors.Join(err, a.Close(w.ctx))
	}
	if keys, err := a.store.PrincipalList(w.ctx); err == nil && len(keys) == 0 {
		log.Warn("there is no key yet: carillon key create makes one")
	}
	log.Info("serving", slog.String("address", listener.Addr().String()), slog.String("environment", c.Environment))
	err = a.run(w.ctx, listener)
	log.Info("stopped")
	return err
}

// Time the HTTP server gives to what is slow.
const (
	headerTimeout = 10 * time.Second
	bodyTimeout   = 60 * time.Second
	idleTimeout   = 2 * time.Minute
)

// run serves and ticks until ctx ends: intake stops first, then calls under way are finished and settled, then the
// store is closed.
func (a *app) run(ctx context.Context, listener net.Listener) error {
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
		a.fleet.leave(last, a.log)
		a.releaseThreads(last)
		a.sealRest(last)
		ended <- errors.Join(failed, err, a.Close(last))
	}()
	return a.await(ended, a.settings.Grace+2*afterGrace)
}

// afterGrace is how long what is not a call may take when the gateway stops.
const afterGrace = 5 * time.Second

// errStuck ends a gateway whose parts do not: what it holds lapses, as after a kill, and others take it up.
var errStuck = errors.New("it did not stop in time, and is ended as it is")

// await waits for the end of a stop, but not for ever: a process that does not end keeps its port and its memory.
func (a *app) await(ended <-chan error, most time.Duration) error {
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
