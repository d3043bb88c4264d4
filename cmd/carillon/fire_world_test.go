package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"carillon/cmd/internal/cli"
	"carillon/core/config"
)

// Times of the gateways that are put into the fire: short, so that minutes suffice.
const (
	fireLease   = 4 * time.Second
	fireTimeout = 2 * time.Second
	fireReceipt = 15 * time.Second
	fireHold    = 6 * time.Second
	fireExpires = 60 * time.Second // of a call: a vendor that died with its result never tells it
	// fireSlack is how long after a disaster it may still bring a doubt: a lease, a call, and a busy machine.
	fireSlack = fireLease + fireTimeout + 10*time.Second
)

// fire is a small utility that runs for real: gateways on one PostgreSQL, providers, and the links between them.
type fire struct {
	t    *testing.T
	full bool
	seed uint64
	rnd  *rand.Rand

	postgres *server
	kafka    *server // nil: the broker is the simulators'
	database string  // PostgreSQL, without a link
	pool     *pgxpool.Pool
	sims     *providers
	simArgs  []string
	records  string
	gateways []*instance
	stores   []*link // one to PostgreSQL for each gateway
	sns      *link
	ses      *link
	dialer   *link
	brokers  *link // nil when kafka is
	at       []string
	base     []float64 // goroutines of each gateway when nothing had happened yet
	timeline []event
}

// event is a disaster that was done.
type event struct {
	name, what string
	from, to   time.Time
}

// ignite starts everything; binary starts a gateway.
func ignite(t *testing.T, n int, full bool, seed uint64, binary launch, extra ...string) *fire {
	t.Helper()
	f := &fire{t: t, full: full, seed: seed, rnd: rand.New(rand.NewPCG(seed, 7))}
	f.postgres, f.database = ownPostgres(t)
	newLink := newLinks(t)
	if full {
		broker := "127.0.0.1:" + freePort(t)
		f.kafka = ownKafka(t, broker)
		f.brokers = newLink("kafka", f.kafka.address)
		f.brokers.proxy.Stop() // it must say what Kafka tells its clients
		f.brokers.proxy.Listen, f.brokers.at = broker, broker
		f.brokers.join(t)
		topics(t, broker, "carillon.letters", "carillon.manifests", "carillon.letter-status", "carillon.status")
	}
	for range n {
		f.at = append(f.at, "127.0.0.1:"+freePort(t))
	}
	front := balance(t, f.at)
	g := &instance{store: f.database}
	keys := &instance{
		cis: g.key(t, "cis", "cis", "NORTH", "SOUTH"), sre: g.key(t, "ops", "sre,supervisor,admin", "*"),
		call: g.key(t, "belltower", "dialer", "NORTH", "SOUTH"),
	}
	f.provide(front, keys.call)
	f.sns, f.ses, f.dialer = newLink("sns", host(f.sims.SNS)), newLink("ses", host(f.sims.SES)), newLink("dialer", host(f.sims.Dialer))
	through := *f.sims
	through.SNS, through.SES, through.Dialer = f.sns.url(), f.ses.url(), f.dialer.url()
	if f.brokers != nil {
		through.Kafka = []string{f.brokers.at}
	}
	file := configFile(t, func(d *config.Document) {
		patience(fireReceipt, fireHold)(d)
		ringing(fireExpires)(d)
	})
	for i := range n {
		store := newLink(fmt.Sprintf("store %d", i), f.postgres.address)
		f.stores = append(f.stores, store)
		g := &instance{start: binary, store: "postgres://postgres@" + store.at + "/postgres?sslmode=disable", url: "http://" + f.at[i]}
		g.cis, g.sre, g.call = keys.cis, keys.sre, keys.call
		g.args = append([]string{
			"--store", g.store, "--first-config", file, "--letters-schedule", "@every 2s", "--lease", fireLease.String(),
			"--call-timeout", fireTimeout.String(), "--kafka-timeout", fireTimeout.String(), "--grace", "5s", "--store-conns", "8",
		}, append(through.wiring(), append(allowed(), extra...)...)...)
		g.again(t)
		f.gateways = append(f.gateways, g)
	}
	return f
}

func host(address string) string {
	u, _ := url.Parse(address)
	return u.Host
}

// provide starts the simulators on ports that a second life of them takes again.
func (f *fire) provide(front, vendorKey string) {
	f.t.Helper()
	f.simArgs = []string{
		"--gateway", front, "--vendor", vendorKey, "--pull", "--data", filepath.Join(f.t.TempDir(), "sims"), "--profile", "morning",
		"--seed", strconv.FormatUint(f.seed, 10),
	}
	for _, name := range []string{"listen", "sns", "ses", "dialer", "kafka"} {
		f.simArgs = append(f.simArgs, "--"+name, "127.0.0.1:"+freePort(f.t))
	}
	if f.brokers != nil {
		f.simArgs = append(f.simArgs, "--brokers", f.brokers.at)
	}
	f.sims = simulate(f.t, spawn, f.simArgs...)
	f.records = f.sims.records
}

// resurrect starts the simulators again after they have died; what they remembered of calls is gone, their records are not.
func (f *fire) resurrect() {
	f.t.Helper()
	f.sims.program = simulate(f.t, spawn, f.simArgs...).program
}

// sql is a connection of the checker's own, past the links.
func (f *fire) sql() *pgxpool.Pool {
	f.t.Helper()
	if f.pool == nil {
		pool, err := pgxpool.New(context.Background(), f.database+"&application_name=checker")
		if err != nil {
			f.t.Fatal(err)
		}
		f.pool = pool
		f.t.Cleanup(pool.Close)
	}
	return f.pool
}

// rest waits until a time has gone by; the fire burns meanwhile.
func (f *fire) rest(d time.Duration) {
	f.t.Helper()
	select {
	case <-time.After(d):
	case <-f.t.Context().Done():
		f.t.Fatal("the test is over")
	}
}

// between draws a wait.
func (f *fire) between(least, most time.Duration) time.Duration {
	return least + time.Duration(f.rnd.Int64N(int64(most-least)))
}

// any draws a gateway.
func (f *fire) any() (*instance, int) {
	i := f.rnd.IntN(len(f.gateways))
	return f.gateways[i], i
}

// ready waits until every gateway serves.
func (f *fire) ready(bound time.Duration) {
	f.t.Helper()
	for i, g := range f.gateways {
		eventually(f.t, bound, fmt.Sprintf("gateway %d is ready", i), func() bool {
			status, _, err := cli.Client{Base: g.url, HTTP: &http.Client{Timeout: 3 * time.Second}}.Do(f.t.Context(), http.MethodGet, "/readyz", nil, nil)
			return err == nil && status == http.StatusOK
		})
	}
}

// gauge reads a series of a gateway without labels.
func (f *fire) gauge(g *instance, name string) float64 {
	f.t.Helper()
	for line := range strings.Lines(g.metrics(f.t)) {
		if value, found := strings.CutPrefix(line, name+" "); found {
			n, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
			if err != nil {
				f.t.Fatal(err)
			}
			return n
		}
	}
	f.t.Fatalf("there is no series %s", name)
	return 0
}

// connections counts the gateways' connections to PostgreSQL, and those that hang in a transaction.
func (f *fire) connections() (all, hanging int) {
	f.t.Helper()
	err := f.sql().QueryRow(f.t.Context(), `select count(*), count(*) filter (where state like 'idle in transaction%' and now() - state_change > interval '3 seconds')
		from pg_stat_activity where backend_type = 'client backend' and application_name not in ('checker', '')`).Scan(&all, &hanging)
	if err != nil {
		f.t.Fatal(err)
	}
	return all, hanging
}

// outcome waits until no message waits for anything any more, and returns everything the store holds.
func (f *fire) outcome(bound time.Duration) *findings {
	f.t.Helper()
	over := time.After(bound)
	for {
		found, err := f.look()
		open := 0
		if err == nil {
			open = found.open()
		}
		if err == nil && open == 0 {
			return found
		}
		select {
		case <-time.After(500 * time.Millisecond):
		case <-over:
			if err != nil {
				f.t.Fatal(err)
			}
			f.report(found)
			told := map[string]int{}
			for _, m := range found.messages {
				if told[m.Channel]++; m.final() || told[m.Channel] > 2 {
					told[m.Channel]--
					continue
				}
				f.t.Errorf("within %s it did not come to its end:\n%s", bound, f.story(found, m))
			}
			f.t.FailNow()
		}
	}
}

// seedOf is the seed of a fire: CARILLON_CHAOS_SEED, or the time.
func seedOf(t *testing.T, other uint64) uint64 {
	t.Helper()
	if text := os.Getenv("CARILLON_CHAOS_SEED"); text != "" {
		n, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			t.Fatal("CARILLON_CHAOS_SEED is no number")
		}
		return n
	}
	return other
}

// do does something to a process that must be there.
func (f *fire) do(g *instance, s syscall.Signal) {
	f.t.Helper()
	if err := g.signal(s); err != nil {
		f.t.Fatalf("signal %s: %v", s, err)
	}
}
