package demo

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"sync/atomic"

	"carillon/cmd/internal/cli"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/sync/errgroup"
)

// utility is a small invented utility: customers of two divisions who all live at example domains and at the numbers
// kept for fiction.
type utility struct {
	seed      uint64
	customers []invented
}

// invented is a customer who does not exist.
type invented struct {
	id       string
	division string
	name     string
	phone    string
	email    string
	line1    string
	city     string
	state    string
	postal   string
	account  string
}

// demoAllow names every invented number, address and account, and nobody else.
func demoAllow() []string {
	return []string{"+1???55501??", "*@example.com", "*@example.net", "account:nf-*", "account:sb-*"}
}

func newUtility(seed uint64, n int) *utility {
	u := &utility{seed: seed}
	r := rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // an invented customer needs no secret
	first := []string{"Ada", "Ben", "Cleo", "Dev", "Edda", "Finn", "Gwen", "Hugo", "Ines", "José", "Kaya", "Liam", "Mara", "Noël", "Odile", "Pia", "Quinn", "Rosa", "Sven", "Thea"}
	last := []string{"Abbott", "Baker", "Castillo", "Dvořák", "Ellis", "Fischer", "Grant", "Hughes", "Ito", "Jensen", "Khan", "Lopez", "Moreau", "Nguyen", "Okafor", "Price", "Quist", "Rossi", "Suzuki", "Turner"}
	streets := []string{"Mill Lane", "Harbor Street", "Oak Avenue", "Chapel Hill", "Station Road"}
	for i := range n {
		name := first[r.IntN(len(first))] + " " + last[r.IntN(len(last))]
		c := invented{
			id: "P" + strconv.Itoa(100000+i), division: "NORTH", name: name, city: "Albany", state: "NY",
			postal: fmt.Sprintf("122%02d", r.IntN(20)),
			line1:  strconv.Itoa(1+r.IntN(200)) + " " + streets[r.IntN(len(streets))], account: fmt.Sprintf("NF-%06d", i),
		}
		areas := []string{"212", "315", "518", "585", "607", "716"}
		if i%2 == 1 {
			c.division, c.city, c.state, c.postal = "SOUTH", "Houston", "TX", fmt.Sprintf("770%02d", r.IntN(60))
			c.account, areas = fmt.Sprintf("SB-%06d", i), []string{"210", "214", "281", "512", "713", "832"}
		}
		c.phone = fmt.Sprintf("+1%s55501%02d", areas[(i/200)%len(areas)], (i/2)%100)
		c.email = fmt.Sprintf("customer%d@example.com", i)
		u.customers = append(u.customers, c)
	}
	return u
}

// loadCustomer puts one customer in.
func (u *utility) loadCustomer(ctx context.Context, c cli.Client, i int) error {
	who := u.customers[i]
	points := []map[string]any{
		{"kind": "post", "postal": who.postalBlock()},
	}
	if i%11 != 0 { // some have no phone
		points = append(points, map[string]any{"kind": "phone", "value": who.phone})
	}
	if i%7 != 0 { // some have no email
		points = append(points, map[string]any{"kind": "email", "value": who.email})
	}
	status, body, err := c.Do(ctx, http.MethodPut, "/v1/persons/"+url.PathEscape(who.id), nil, map[string]any{
		"division": who.division, "version": 1, "names": []map[string]any{{"type": "primary", "text": who.name}},
		"language": "en-US",
		"account":  who.account, "points": points,
	})
	return wanted(status, body, err)
}

func (who invented) postalBlock() map[string]any {
	return map[string]any{"line1": who.line1, "city": who.city, "state": who.state, "postal": who.postal, "country": "US"}
}

// wanted turns an answer that is no success into an error; answers to a demo hold invented data only.
func wanted(status int, body []byte, err error) error {
	if err != nil {
		return err
	}
	if status >= http.StatusMultipleChoices {
		return errors.New("the gateway answered " + strconv.Itoa(status) + ": " + string(body))
	}
	return nil
}

// morningType is a contact type with how often it comes, in percent.
type morningType struct {
	class, code string
	share       int
}

func morningTypes() []morningType {
	return []morningType{
		{"BILL", "BILLREADY", 25},
		{"BILL", "PAYREMIND", 25},
		{"OUT", "OUTAGE", 20},
		{"OUT", "PLANNED", 10},
		{"SEV", "LASTCALL", 10},
		{"SEV", "DISCONNECT", 5},
		{"CUST", "WELCOME", 5},
	}
}

// postContact posts one contact. Everything about it hangs on the seed and its number, so a second run posts the same
// contacts under the same keys, and reaches nobody twice.
func (u *utility) postContact(ctx context.Context, c cli.Client, i int) error {
	status, body, err := c.Do(ctx, http.MethodPost, "/v1/contacts", map[string]string{"Idempotency-Key": fmt.Sprintf("demo-%d-%d", u.seed, i)}, u.request(i))
	return wanted(status, body, err)
}

// request is the contact of number i.
func (u *utility) request(i int) map[string]any {
	r := rand.New(rand.NewPCG(u.seed, uint64(i)+1000)) //nolint:gosec // an invented contact needs no secret
	who := u.customers[r.IntN(len(u.customers))]
	roll := r.IntN(100)
	kind := morningTypes()[0]
	for _, t := range morningTypes() {
		if kind = t; roll < t.share {
			break
		}
		roll -= t.share
	}
	request := map[string]any{
		"division": who.division, "reference": fmt.Sprintf("M%d-%06d", u.seed, i), "class": kind.class, "type": kind.code,
		"account": who.account,
		"data": map[string]any{
			"amount": fmt.Sprintf("$%d.%02d", 20+r.IntN(300), r.IntN(100)), "due": "December 15", "restored": "11:30",
			"day": "Tuesday",
		},
	}
	if r.IntN(10) == 0 { // not every person is loaded
		request["recipient"] = map[string]any{"name": []string{who.name}, "phone": who.phone, "email": who.email, "postal": who.postalBlock()}
	} else {
		request["externalPerson"] = who.id
	}
	return request
}

// poster makes many requests, some at once.
type poster struct {
	client  cli.Client
	workers int
}

// doMany does n things and moves the bar with each; the first failure ends it.
func (p poster) doMany(ctx context.Context, n int, bar *progressbar.ProgressBar, do func(context.Context, cli.Client, int) error) error {
	g, ctx := errgroup.WithContext(ctx)
	var next atomic.Int64
	for range p.workers {
		g.Go(func() error {
			for {
				i := int(next.Add(1)) - 1
				if i >= n || ctx.Err() != nil {
					return ctx.Err()
				}
				if err := do(ctx, p.client, i); err != nil {
					return err
				}
				_ = bar.Add(1) // a bar that cannot be drawn is no failure
			}
		})
	}
	return g.Wait()
}
