package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"

	"carillon/cmd/internal/cli"
	"carillon/cmd/internal/clock"
	"carillon/cmd/internal/settings"
	"carillon/cmd/internal/stores"
	"carillon/core/access"
	"carillon/core/batch"
	"carillon/core/config"
	"carillon/core/dispatch"
	"carillon/core/fault"
	"carillon/core/ledger"
	"carillon/core/message"
	"carillon/core/store"
)

// RecoverCmd makes a restored store safe to run on.
type RecoverCmd struct {
	storeSettings

	Since  time.Time `help:"Time that the backup tells of (RFC 3339): what was done after it is lost." required:"" placeholder:"TIME"`
	DryRun bool      `help:"Say what would be done, and change nothing."`
	Yes    bool      `help:"Do it. Every gateway must be stopped, and stay so until this ends."`
	Output string    `help:"table or json." enum:"table,json" default:"table"`
}

// errUnasked tells that a change for good needs a word.
var errUnasked = errors.New(
	"recover changes the store for good: say --dry-run to see what it would do, and --yes when every gateway is stopped",
)

// Run recovers and says what a person must do now.
func (c *RecoverCmd) Run(w cli.World) error {
	if !c.Yes && !c.DryRun {
		return errUnasked
	}
	st, err := stores.OpenAs(w.Ctx, settings.Settings{Store: c.Store}, "carillon-recover")
	if err != nil {
		return err
	}
	defer stores.Close(st)
	if err := c.alone(w.Ctx, st); err != nil {
		return err
	}
	byID, err := dedupers(w.Ctx, st)
	if err != nil {
		return err
	}
	bar, err := c.waitingBar(w, st)
	if err != nil {
		return err
	}
	job := &batch.Recovery{Store: st, Facts: st, Dedupes: byID, Seen: func(n int) { _ = bar.Add(n) }}
	done, err := job.Run(w.Ctx, clock.Now(), c.Since.UTC().Truncate(time.Microsecond), access.Operator().Name, c.DryRun)
	_ = bar.Finish() // a bar that cannot be drawn is no failure
	if err != nil {
		return err
	}
	if c.Output == "json" {
		return json.NewEncoder(w.Out).Encode(recoveredJSON(done))
	}
	printRecovered(w, done)
	return nil
}

// leaving is how long a gateway that was just stopped may take to vanish from the store.
const leaving = 5 * time.Second

// alone waits for gateways that are leaving; whoever stays is refused by the recovery itself.
func (c *RecoverCmd) alone(ctx context.Context, st store.Recovery) error {
	for over := clock.Now().Add(leaving); !c.DryRun && clock.Now().Before(over); {
		if n, err := st.Elsewhere(ctx); err != nil || n == 0 {
			return err
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// dedupers knows by the configuration which messages' receivers take an id once. An empty store has none.
func dedupers(ctx context.Context, st store.Configs) (func(message.Message) bool, error) {
	version, err := st.LatestConfig(ctx)
	if err != nil {
		return nil, err
	}
	rows, err := st.ConfigRows(ctx, version)
	if fault.Is(err, fault.NotFound) {
		return nil, fault.New(fault.Invalid, "the store has no configuration: there is nothing to recover")
	}
	if err != nil {
		return nil, err
	}
	d, err := config.FromRows(rows)
	if err != nil {
		return nil, err
	}
	at, err := config.Compile(version, d)
	if err != nil {
		return nil, err
	}
	return func(m message.Message) bool {
		r, known := at.Route(m.Route)
		return known && dispatch.Dedupes(r.Provider)
	}, nil
}

// waitingBar shows how many of the waiting messages were looked at.
func (c *RecoverCmd) waitingBar(w cli.World, st store.Lanes) (cli.Progress, error) {
	states, err := st.LaneStates(w.Ctx, clock.Now())
	if err != nil {
		return nil, err
	}
	waiting := 0
	for _, s := range states {
		waiting += int(s.Queued + s.Claimed)
	}
	return cli.NewBar(w.ErrOut, "looking at what waits", waiting), nil
}

func recoveredJSON(r batch.Recovered) map[string]any {
	return map[string]any{
		"event": "recovered", "since": r.Since.Format(ledger.TimeFormat), "dryRun": r.Dry, "before": r.Before,
		"inDoubt": r.InDoubt, "repeated": r.Repeated, "kept": r.Kept, "openRun": r.OpenRun, "lastRun": r.LastRun,
		"nextLeaf": r.NextLeaf, "contacts": r.Contacts, "persons": r.Persons, "points": r.Addresses,
	}
}

func printRecovered(w cli.World, r batch.Recovered) {
	since := r.Since.Format(time.RFC3339)
	if r.Before {
		fmt.Fprintln(w.Out, "The store was recovered to "+since+" before: nothing was changed.")
		return
	}
	t := table.NewWriter()
	t.SetOutputMirror(w.Out)
	t.AppendHeader(table.Row{"what", "messages"})
	t.AppendRows([]table.Row{
		{"may have been sent, now in doubt", r.InDoubt},
		{"may have been sent, their type says repeat", r.Repeated},
		{"left as they were: their receiver takes an id once, or a person must release them", r.Kept},
	})
	t.Render()
	if r.Dry {
		fmt.Fprintln(w.Out, "Nothing was changed. Say --yes to do it, when every gateway is stopped.")
		return
	}
	fmt.Fprintf(
		w.Out,
		"Numbers go on far from any that the lost time can have given: contacts at %d, persons at %d, runs of LTRPRT after %d.\n",
		r.Contacts,
		r.Persons,
		r.LastRun,
	)
	if r.OpenRun > 0 {
		fmt.Fprintf(
			w.Out,
			"Run %d of LTRPRT was open: ask the receiver of letters what it has of it before the gateways start.\n",
			r.OpenRun,
		)
	}
	fmt.Fprintf(w.Out, `
What a person must do now:
  1. Sources post again what they were told was accepted after %s: it is gone, and so are its keys.
     Whom the lost time has reached already is reached again.
  2. Suppressions, STOP replies, cancellations and configurations made after that time are gone: put them again before
     the gateways start. Keys of the API revoked after it work again: revoke them.
  3. A letter that its receiver refuses because it has another under the same id was printed in the lost time.
  4. Readers of the changes begin anew at leaf %d.
`, since, r.NextLeaf)
}
