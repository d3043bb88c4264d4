package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"

	"carillon/core/access"
	"carillon/core/desk"
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

// withDesk runs a job at the desk of a store, as whoever may run commands on the machine.
func (s storeSettings) withDesk(w world, job func(d *desk.Service, operator access.Principal) error) error {
	st, err := openStore(w.ctx, Settings{Store: s.Store})
	if err != nil {
		return err
	}
	defer closing(st)
	d := &desk.Service{Store: st, Facts: st, Gate: st, Feed: st, IDs: newIDs(st), Random: randomKey}
	return job(d, operator())
}

func closing(st store.Store) { _ = st.Close() } // a command has nothing left to lose

// operator is who may run commands on the machine of the store.
func operator() access.Principal {
	return access.Principal{Name: "operator", Source: "carillon", Divisions: []string{access.AllDivisions}, Roles: []access.Role{access.Admin}}
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
func (c *KeyCreateCmd) Run(w world) error {
	p := access.Principal{Name: c.Name, Source: c.Source, Divisions: c.Division}
	for _, r := range c.Role {
		p.Roles = append(p.Roles, access.Role(r))
	}
	if p.Name == "" {
		p.Name = c.Source + "-" + strings.Join(c.Role, "-")
	}
	return c.withDesk(w, func(d *desk.Service, by access.Principal) error {
		key, err := d.CreatePrincipal(w.ctx, clock(), by, p)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(w.out, key)
		return err
	})
}

// KeyListCmd lists who holds keys.
type KeyListCmd struct{ storeSettings }

// Run prints the table.
func (c *KeyListCmd) Run(w world) error {
	return c.withDesk(w, func(d *desk.Service, by access.Principal) error {
		all, err := d.PrincipalList(w.ctx, by)
		if err != nil {
			return err
		}
		t := table.NewWriter()
		t.SetOutputMirror(w.out)
		t.AppendHeader(table.Row{"name", "source", "divisions", "roles", "created", "revoked"})
		for _, p := range all {
			roles := make([]string, len(p.Roles))
			for i, r := range p.Roles {
				roles[i] = string(r)
			}
			revoked := ""
			if !p.RevokedAt.IsZero() {
				revoked = p.RevokedAt.Format(time.RFC3339)
			}
			t.AppendRow(table.Row{p.Name, p.Source, strings.Join(p.Divisions, " "), strings.Join(roles, " "), p.CreatedAt.Format(time.RFC3339), revoked})
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
func (c *KeyRevokeCmd) Run(w world) error {
	return c.withDesk(w, func(d *desk.Service, by access.Principal) error {
		return d.RevokePrincipal(w.ctx, clock(), by, c.Name)
	})
}
