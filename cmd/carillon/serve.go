package main

import (
	"errors"
	"log/slog"
	"net"

	"carillon/cmd/internal/cli"
	"carillon/cmd/internal/gateway"
	"carillon/cmd/internal/settings"
)

// ServeCmd runs the gateway.
type ServeCmd struct {
	settings.Settings
}

// Run serves until it is told to stop.
func (c *ServeCmd) Run(w cli.World) error {
	log := w.Logger(c.LogLevel, c.LogFormat)
	a, err := gateway.Build(w.Ctx, c.Settings, log)
	if err != nil {
		return err
	}
	listener, err := (&net.ListenConfig{}).Listen(w.Ctx, "tcp", c.Listen)
	if err != nil {
		return errors.Join(err, a.Close(w.Ctx))
	}
	if keys, err := a.Store().PrincipalList(w.Ctx); err == nil && len(keys) == 0 {
		log.Warn("there is no key yet: carillon key create makes one")
	}
	log.Info("serving", slog.String("address", listener.Addr().String()), slog.String("environment", c.Environment))
	err = a.Run(w.Ctx, listener)
	log.Info("stopped")
	return err
}
