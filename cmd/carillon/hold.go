package main

import (
	"fmt"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"

	"carillon/cmd/internal/cli"
	"carillon/cmd/internal/clock"
	"carillon/core/access"
	"carillon/core/desk/counter"
	"carillon/core/fault"
	"carillon/core/store"
)

// HoldCmd keeps legal holds.
type HoldCmd struct {
	Put  HoldPutCmd  `cmd:"" help:"Hold an account or a person: retention takes nothing of it away until the hold is lifted."`
	Lift HoldLiftCmd `cmd:"" help:"Lift a hold."`
	List HoldListCmd `cmd:"" help:"List what is held, and why."`
}

// HoldPutCmd puts a hold.
type HoldPutCmd struct {
	storeSettings

	Account string `help:"Number of the account." xor:"subject" required:""`
	Person  string `help:"Number of the person, ten digits." xor:"subject" required:""`
	Reason  string `help:"Why, for those who will lift it; it is in the ledger." required:""`
	By      string `help:"Who says so." default:"operator"`
}

// Run prints the hold's number.
func (c *HoldPutCmd) Run(w cli.World) error {
	in := store.Hold{Kind: store.HoldAccount, Subject: c.Account, Reason: c.Reason}
	if c.Account == "" {
		in.Kind, in.Subject = store.HoldPerson, c.Person
	}
	return c.withHolds(w, func(d *counter.Service, by access.Principal) error {
		by.Name = c.By
		h, err := d.PutHold(w.Ctx, clock.Now(), by, in)
		if fault.Is(err, fault.Conflict) {
			return fault.New(fault.Conflict, "this is held already for this reason")
		}
		if err == nil {
			_, err = fmt.Fprintln(w.Out, h.Number)
		}
		return err
	})
}

// HoldLiftCmd lifts a hold.
type HoldLiftCmd struct {
	storeSettings

	Number int64  `arg:"" help:"Number of the hold, as hold list shows it."`
	By     string `help:"Who says so." default:"operator"`
}

// Run lifts it.
func (c *HoldLiftCmd) Run(w cli.World) error {
	return c.withHolds(w, func(d *counter.Service, by access.Principal) error {
		by.Name = c.By
		return d.LiftHold(w.Ctx, clock.Now(), by, c.Number)
	})
}

// HoldListCmd lists holds.
type HoldListCmd struct {
	storeSettings

	Lifted bool `help:"List holds that were lifted, too."`
}

// Run prints the table.
func (c *HoldListCmd) Run(w cli.World) error {
	return c.withHolds(w, func(d *counter.Service, by access.Principal) error {
		all, err := d.Holds(w.Ctx, by, c.Lifted)
		if err != nil {
			return err
		}
		t := table.NewWriter()
		t.SetOutputMirror(w.Out)
		t.AppendHeader(table.Row{"hold", "names", "reason", "by", "since", "lifted"})
		for _, h := range all {
			lifted := ""
			if !h.LiftedAt.IsZero() {
				lifted = h.LiftedAt.Format(time.RFC3339) + " " + h.LiftedBy
			}
			t.AppendRow(table.Row{h.Number, string(h.Kind) + " " + h.Subject, h.Reason, h.By, h.At.Format(time.RFC3339), lifted})
		}
		t.Render()
		return nil
	})
}
