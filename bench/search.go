package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"carillon/core/access"
	"carillon/core/algorithm"
	"carillon/core/desk/customers"
)

func searchName(o Options) string {
	return fmt.Sprintf("Carillon, search by name among %d persons, p95 in ms", o.Customers)
}

func bareSearch(o Options) string {
	return fmt.Sprintf("bare indexed query of the same, among %d persons, p95 in ms", o.Customers)
}

// seedCustomers makes persons with names as they are spread in life: a few are common, most are rare. Each has a number and
// a postal address.
const (
	seedCustomers = `
insert into person (id, source, external_id, division, version, names, language, account, updated_at)
select i, 'cis', 'P-' || i, 'NORTH', 1, '[{"type":"primary","text":"first' || f || ' last' || l || '"}]', 'en-US', '', 0
from (select i, (200 * power(random(), 3))::int as f, (20000 * power(random(), 3))::int as l from generate_series($1::bigint, $2::bigint) i) n`
	seedWords = `
insert into search_word (kind, word, id)
select 1, w, p.id from person p cross join lateral regexp_split_to_table(substring(p.names from '"text":"([^"]*)"'), ' ') w where p.id between $1 and $2`
	seedPoints = `
insert into point (id, person, position, kind, value, capabilities, zones, preferred, origin, undeliverable_since)
select i, i, 0, 'phone', '+1212' || lpad(i::text, 7, '0'), 'sms,voice', '', true, 'cis', 0 from generate_series($1::bigint, $2::bigint) i`

	// bareFind is what somebody would write by hand for a page of names, with the rarer word first.
	bareFind = `
select p.id, p.names, p.division from search_word a
join search_word b on b.id = a.id and b.kind = 1 and b.word >= $3 and b.word < $4
join person p on p.id = a.id
where a.kind = 1 and a.word >= $1 and a.word < $2
order by a.word, a.id limit 21`
)

// searching fills a database of its own and asks it for persons by two words of a name, as a person at the desk does: the
// verb and everything it reads of each hit, beside one query by hand.
func searching(ctx context.Context, g *Gateway, section string) (results []Result, err error) {
	db, err := createDatabase(ctx, g.options.URL)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Drop()) }()
	own, err := openGateway(ctx, db, g.options)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, own.Close()) }()
	const part, first = 100_000, 5_000_000_000
	for from := 0; from < g.options.Customers; from += part {
		for _, sql := range []string{seedCustomers, seedWords, seedPoints} {
			low, high := first+from, first+min(from+part, g.options.Customers)-1
			if _, err := own.raw.Exec(ctx, sql, low, high); err != nil {
				return nil, fmt.Errorf("seeding customers: %w", err)
			}
		}
	}
	if err := Settle(ctx, own.raw); err != nil {
		return nil, err
	}
	return inTurn(ctx, g.options, section, searchSubjects(own))
}

func searchSubjects(g *Gateway) []Subject {
	return []Subject{
		{Name: searchName(g.options), Base: bareSearch(g.options), Run: g.searched},
		{Name: bareSearch(g.options), Base: bareSearch(g.options), Run: g.bareSearched},
	}
}

// asked draws two words of a name: the whole of a family name, and the beginning of a first name.
func asked(r *rand.Rand) (last, initial string) {
	cube := func(n float64) int { x := r.Float64(); return int(n * x * x * x) }
	return fmt.Sprintf("last%d", cube(20000)), fmt.Sprintf("first%d", cube(200))
}

// searches are how many are asked in one repetition.
const searches = 2000

// searched asks the verb.
func (g *Gateway) searched(ctx context.Context, rows int) (Sample, error) {
	s := &customers.Service{Facts: g.store, Finder: g.store, Configs: searchConfigs{g.configs}, Spots: algorithm.CustomerSpots()}
	p := access.Principal{Name: "bench", Source: "desk", Divisions: []string{"NORTH"}, Roles: []access.Role{access.CSR}}
	return g.timedSearches(ctx, rows, func(last, initial string) error {
		_, _, err := s.Search(ctx, p, customers.SearchQuery{Name: last + " " + initial, Limit: 20})
		return err
	})
}

// bareSearched asks by hand.
func (g *Gateway) bareSearched(ctx context.Context, rows int) (Sample, error) {
	return g.timedSearches(ctx, rows, func(last, initial string) error {
		found, err := g.raw.Query(ctx, bareFind, last, last+"~", initial, initial+"~")
		if err != nil {
			return err
		}
		defer found.Close()
		for found.Next() {
			var id int64
			var names, division string
			if err := found.Scan(&id, &names, &division); err != nil {
				return err
			}
		}
		return found.Err()
	})
}

func (g *Gateway) timedSearches(ctx context.Context, rows int, search func(last, initial string) error) (Sample, error) {
	n := min(rows, searches)
	r := rand.New(rand.NewPCG(7, 11)) //nolint:gosec // the same questions for both
	took := make([]time.Duration, 0, n)
	m, err := startMeter(ctx, g.db)
	if err != nil {
		return Sample{}, err
	}
	for range n {
		last, initial := asked(r)
		began := time.Now()
		if err := search(strings.ToLower(last), initial); err != nil {
			return Sample{}, err
		}
		took = append(took, time.Since(began))
	}
	s, err := m.Stop(ctx, n)
	slices.Sort(took)
	s.P50, s.P99, s.Value = took[n/2], took[n*99/100], ms(took[n*95/100])
	return s, err
}

// searchConfigs is the one configuration, as the desk reads it.
type searchConfigs struct{ fixed }

// Refresh has nothing to read.
func (searchConfigs) Refresh(context.Context) error { return nil }
