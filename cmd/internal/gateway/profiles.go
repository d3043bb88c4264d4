package gateway

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/pprof"
	"time"
)

// profiles serves Go's own profiles (net/http/pprof) to an engineer on this machine, beside the API and apart from it.
func (a *Gateway) profiles() {
	if a.settings.Profiles == "" {
		return
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	server := &http.Server{Addr: a.settings.Profiles, Handler: mux, ReadHeaderTimeout: headerTimeout}
	a.extra = append(a.extra, func(ctx context.Context) {
		stop := context.AfterFunc(ctx, func() {
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
			defer cancel()
			_ = server.Shutdown(last)
		})
		defer stop()
		if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
			a.log.Error("profiles are not served", slog.String("error", err.Error()))
		}
	})
}
