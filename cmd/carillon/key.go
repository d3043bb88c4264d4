package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"

	"carillon/cmd/internal/cli"
	"carillon/cmd/internal/clock"
	"carillon/cmd/internal/identifiers"
	"carillon/cmd/internal/settings"
	"carillon/cmd/internal/stores"
	"carillon/core/access"
	"carillon/core/desk/administration"
	"carillon/core/desk/counter"
	"carillon/core/store"
)

// KeyCmd keeps the keys of the API.
type KeyCmd struct {
	Create KeyCreateCmd `cmd:"" help:"Create a key and print it; it is shown this once."`
	List   KeyListCmd   `cmd:"" help:"List who holds keys, never the keys."`
	Revoke KeyRevokeCmd `cmd:"" help:"End a key for good."`
}

// storeSettings name the store a command works on.
type storeSettings struct {
	Store string `help:"Where everything is kept: a file for SQLite, or postgres://user:password@host/database." default:"carillon.db"`
}

// withStore runs a job on a store.
func (s storeSettings) withStore(w cli.World, job func(st store.Store) error) error {
	st, err := stores.Open(w.Ctx, settings.Settings{Store: s.Store})
	if err != nil {
		return err
	}
	defer stores.Close(st)
	return job(st)
}

// withKeys runs a job on the keys of a store, as whoever may run commands on the machine.
func (s storeSettings) withKeys(
	w cli.World,
	job func(d *administration.Service, operator access.Principal) error,
) error {
	return s.withStore(w, func(st store.Store) error {
		return job(&administration.Service{Store: st, Facts: st, Random: identifiers.RandomKey}, access.Operator())
	})
}

// withHolds runs a job on the legal holds of a store, as whoever may run commands on the machine.
func (s storeSettings) withHolds(w cli.World, job func(d *counter.Service, operator access.Principal) error) error {
	return s.withStore(w, func(st store.Store) error {
		return job(&counter.Service{Store: st, Facts: st, IDs: identifiers.New(st)}, access.Operator())
	})
}

// KeyCreateCmd creates a key.
type KeyCreateCmd struct {
	storeSettings

	Name     string   `help:"Name of the principal; unique. Empty: source and roles."`
	Role     []string `help:"cis, csr, supervisor, dms, dialer, sre or admin; may be repeated." required:""`
	Source   string   `help:"System it speaks for; of a dialer, the vendor that voice routes name." required:""`
	Division []string `help:"CIS division; may be repeated; * is every division." required:""`
}

// Run prints the key.
func (c *KeyCreateCmd) Run(w cli.World) error {
	p := access.Principal{Name: c.Name, Source: c.Source, Divisions: c.Division}
	for _, r := range c.Role {
		p.Roles = append(p.Roles, access.Role(r))
	}
	if p.Name == "" {
		p.Name = c.Source + "-" + strings.Join(c.Role, "-")
	}
	return c.withKeys(w, func(d *administration.Service, by access.Principal) error {
		key, err := d.CreatePrincipal(w.Ctx, clock.Now(), by, p)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(w.Out, key)
		return err
	})
}

// KeyListCmd lists who holds keys.
type KeyListCmd struct{ storeSettings }

// Run prints the table.
func (c *KeyListCmd) Run(w cli.World) error {
	return c.withKeys(w, func(d *administration.Service, by access.Principal) error {
		all, err := d.PrincipalList(w.Ctx, by)
		if err != nil {
			return err
		}
		t := table.NewWriter()
		t.SetOutputMirror(w.Out)
		t.AppendHeader(table.Row{"name", "source", "divisions", "roles", "created", "revoked"})
		for _, p := range all {
			roles := make([]string, len(p.Roles))
			for i, r := range p.Roles {
				roles[i] = string(r)
			}
			revoked := ""
			if !p.InForce() {
				revoked = p.RevokedAt.Format(time.RFC3339)
			}
			t.AppendRow(
				table.Row{
					p.Name,
					p.Source,
					strings.Join(p.Divisions, " "),
					strings.Join(roles, " "),
					p.CreatedAt.Format(time.RFC3339),
					revoked,
				},
			)
		}
		t.Render()
		return nil
	})
}

// KeyRevokeCmd ends a key.
type KeyRevokeCmd struct {
	storeSettings

	Name string `arg:"" help:"Name of the principal."`
}

// Run ends it.
func (c *KeyRevokeCmd) Run(w cli.World) error {
	return c.withKeys(w, func(d *administration.Service, by access.Principal) error {
		return d.RevokePrincipal(w.Ctx, clock.Now(), by, c.Name)
	})
}
