// Package gateway wires a gateway: the only place where concrete types meet. build.go opens what it stands on, cases.go
// makes the use cases, ways.go gives routes their ways out, and the other files are named after what comes in.
package gateway

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"carillon/adapters/driven/liquid"
	"carillon/adapters/driving/api/contract"
	"carillon/adapters/driving/api/intake"
	"carillon/adapters/driving/kafkain"
	"carillon/adapters/driving/ticker"
	"carillon/adapters/kit/group"
	"carillon/adapters/kit/guard"
	"carillon/cmd/internal/chores"
	"carillon/cmd/internal/confkeeper"
	"carillon/cmd/internal/fleet"
	"carillon/cmd/internal/keyring"
	"carillon/cmd/internal/letters"
	"carillon/cmd/internal/settings"
	"carillon/cmd/internal/wardens"
	"carillon/core/accept"
	"carillon/core/batch"
	"carillon/core/desk/administration"
	"carillon/core/desk/counter"
	"carillon/core/desk/customers"
	"carillon/core/desk/worklist"
	"carillon/core/dispatch"
	"carillon/core/message"
	"carillon/core/report"
	"carillon/core/store"
)

// Gateway is a gateway, wired. Close it when it has run, or run it to its end.
type Gateway struct {
	settings settings.Settings
	log      *slog.Logger
	registry *prometheus.Registry
	store    store.Store
	sealer   *batch.Sealer
	contract *contract.Contract
	forms    *liquid.Renderer
	configs  *confkeeper.Keeper
	keys     *keyring.Keyring
	merged   *group.Committer[store.Writes, store.Verdict]
	ticker   *ticker.Ticker
	watch    *ticker.Metrics
	guards   []*guard.Guard
	gauges   *guard.Metrics
	wardens  *wardens.Wardens
	wired    map[string]bool // routes that were there at the start

	accept    *accept.Service
	lots      *accept.Lots
	intake    *intake.Contacts
	events    *events                           // system events
	lines     func(path, outcome string, n int) // counts contacts that came in
	consumers *kafkain.Metrics                  // of Kafka; nil without it
	stopping  chan struct{}                     // closed when streams are to end
	counter   *counter.Service
	admin     *administration.Service
	worklist  *worklist.Service
	customers *customers.Service
	report    *report.Service
	dispatch  *dispatch.Service
	feed      *dispatch.Feed
	letters   *letters.Engine
	operator  *batch.Operator
	shifts    *ticker.Batches // what batches show
	hands     []*batch.Worker
	fleet     *fleet.Fleet
	chores    *chores.Chores
	handler   http.Handler
	extra     []func(context.Context) // runs beside the ticker: consumers
	closers   []func(context.Context) error
}

// Store is what the gateway keeps everything in.
func (a *Gateway) Store() store.Store { return a.store }

// Configs are its configurations.
func (a *Gateway) Configs() *confkeeper.Keeper { return a.configs }

// Admin is where its keys and configurations are written.
func (a *Gateway) Admin() *administration.Service { return a.admin }

// Metrics are what it shows at /metrics.
func (a *Gateway) Metrics() prometheus.Gatherer { return a.registry }

// ChannelOf is the channel of a lane, if its route is known.
func (a *Gateway) ChannelOf(l message.Lane) (message.Channel, bool) { return a.chores.ChannelOf(l) }

// RunLetters runs LTRPRT now, in somebody's name.
func (a *Gateway) RunLetters(ctx context.Context, now time.Time, by string) error {
	_, err := a.letters.Run(ctx, now, by, false)
	return err
}

// Breakers are the guards' snapshots, for the API and /readyz.
func (a *Gateway) Breakers() []guard.Snapshot {
	out := make([]guard.Snapshot, len(a.guards))
	for i, g := range a.guards {
		out[i] = g.Snapshot()
	}
	return out
}

// Close ends what was opened, last first.
func (a *Gateway) Close(ctx context.Context) error {
	var wrong []error
	if a.merged != nil {
		a.merged.Close()
	}
	for _, closer := range slices.Backward(a.closers) {
		wrong = append(wrong, closer(ctx))
	}
	if a.store != nil {
		wrong = append(wrong, a.store.Close())
	}
	return errors.Join(wrong...)
}
