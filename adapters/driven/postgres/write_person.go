package postgres

import (
	"cmp"
	"encoding/json"
	"slices"

	"github.com/jackc/pgx/v5"

	"carillon/core/customer"
	"carillon/core/store"
)

// The load of persons. A person that is there keeps its number, and so does a point whose value is unchanged, with its
// mark; points that Carillon owns stay as they are.
const (
	upsertPersons = `
with put as (
    insert into person as p (id, source, external_id, division, version, names, language, account, updated_at)
    select * from unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::text[], $7::text[], $8::text[],
        $9::bigint[])
    on conflict (source, external_id) do update
    set division = excluded.division, version = excluded.version, names = excluded.names, language = excluded.language,
        account = excluded.account, updated_at = excluded.updated_at
    where p.version <= excluded.version
    returning 1)
select expect_rows((select count(*) from put), $10, 'version')`

	deletePoints = `
delete from point t
using unnest($1::text[], $2::text[]) as i (source, external_id)
join person p on p.source = i.source and p.external_id = i.external_id
where t.person = p.id and t.origin = 'cis' and not exists (
    select 1 from unnest($3::text[], $4::text[], $5::text[], $6::text[]) as k (source, external_id, kind, value)
    where k.source = i.source and k.external_id = i.external_id and k.kind = t.kind and k.value = t.value)`

	upsertPoints = `
insert into point as t (id, person, position, kind, value, capabilities, zones, preferred, origin, undeliverable_since)
select i.id, p.id, i.position, i.kind, i.value, i.capabilities, i.zones, i.preferred, i.origin, i.since
from unnest($1::text[], $2::text[], $3::bigint[], $4::smallint[], $5::text[], $6::text[], $7::text[], $8::text[],
    $9::boolean[], $10::text[], $11::bigint[]) as i (source, external_id, id, position, kind, value, capabilities, zones,
    preferred, origin, since)
join person p on p.source = i.source and p.external_id = i.external_id
on conflict (person, kind, value) do update
set position = excluded.position, capabilities = excluded.capabilities, zones = excluded.zones,
    preferred = excluded.preferred, origin = excluded.origin,
    undeliverable_since = case when excluded.undeliverable_since = 0 then t.undeliverable_since
        else excluded.undeliverable_since end
where t.origin = 'cis' or excluded.origin = t.origin`
)

func queuePersons(batch *pgx.Batch, jobs []*job) {
	persons := flat(jobs, func(w *store.Writes) []customer.Person { return w.Persons })
	if len(persons) == 0 {
		return
	}
	persons = slices.SortedFunc(slices.Values(persons), func(a, b customer.Person) int {
		return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.ExternalID, b.ExternalID))
	})
	source := col(persons, func(p *customer.Person) string { return text(p.Source) })
	external := col(persons, func(p *customer.Person) string { return text(p.ExternalID) })
	batch.Queue(upsertPersons,
		col(persons, func(p *customer.Person) int64 { return int64(p.ID) }), source, external,
		col(persons, func(p *customer.Person) string { return text(p.Division) }),
		col(persons, func(p *customer.Person) int64 { return p.Version }),
		col(persons, func(p *customer.Person) string { return namesText(p.Names) }),
		col(persons, func(p *customer.Person) string { return text(p.Language) }),
		col(persons, func(p *customer.Person) string { return text(p.Account) }),
		col(persons, func(p *customer.Person) int64 { return micros(p.UpdatedAt) }),
		len(persons))
	queuePoints(batch, source, external, pointsOf(persons))
}

// pointRow is a point on its way into the table, under the person as its source knows it.
type pointRow struct {
	customer.Point
	source, external string
	position         int16
}

// pointsOf lists the points of the persons; of a value given twice the first counts.
func pointsOf(persons []customer.Person) []pointRow {
	type place struct {
		source, external string
		kind             customer.PointKind
		value            customer.Address
	}
	seen := map[place]bool{}
	var rows []pointRow
	for _, p := range persons {
		for i, pt := range p.Points {
			at := place{p.Source, p.ExternalID, pt.Kind, pt.Value}
			if seen[at] {
				continue
			}
			seen[at] = true
			rows = append(rows, pointRow{Point: pt, source: p.Source, external: p.ExternalID, position: int16(i)})
		}
	}
	return rows
}

func queuePoints(batch *pgx.Batch, source, external []string, rows []pointRow) {
	sources := col(rows, func(p *pointRow) string { return text(p.source) })
	externals := col(rows, func(p *pointRow) string { return text(p.external) })
	kinds := col(rows, func(p *pointRow) string { return text(string(p.Kind)) })
	values := col(rows, func(p *pointRow) string { return address(p.Value) })
	batch.Queue(deletePoints, source, external, sources, externals, kinds, values)
	if len(rows) == 0 {
		return
	}
	batch.Queue(upsertPoints, sources, externals,
		col(rows, func(p *pointRow) int64 { return int64(p.ID) }),
		col(rows, func(p *pointRow) int16 { return p.position }), kinds, values,
		col(rows, func(p *pointRow) string { return list(p.Capabilities) }),
		col(rows, func(p *pointRow) string { return list(p.Zones) }),
		col(rows, func(p *pointRow) bool { return p.Preferred }),
		col(rows, func(p *pointRow) string { return text(string(p.Origin)) }),
		col(rows, func(p *pointRow) int64 { return micros(p.UndeliverableSince) }))
}

// namesText is a person's names as stored; none is the empty text.
func namesText(names []customer.Name) string {
	if len(names) == 0 {
		return ""
	}
	b, err := json.Marshal(names)
	if err != nil { // strings always marshal
		return ""
	}
	return string(b)
}
