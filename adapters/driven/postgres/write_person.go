package postgres

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"carillon/core/customer"
	"carillon/core/store"
)

// The writing of persons. A person that is there keeps its number, and so does a point whose value is unchanged, with its
// mark. A person's version is looked at before its revision, so that who comes too late is told so.
const (
	personVersions = `
select expect_rows((select count(*) from unnest($1::text[], $2::text[], $3::bigint[]) as i (source, external_id, version)
    join person p on p.source = i.source and p.external_id = i.external_id where p.version > i.version), 0, 'version')`

	upsertPersons = `
with put as (
    insert into person as p (id, source, external_id, division, version, names, language, account, updated_at, revision, owned, detail)
    select * from unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::text[], $7::text[], $8::text[],
        $9::bigint[], $10::bigint[], $11::text[], $12::text[])
    on conflict (source, external_id) do update
    set division = excluded.division, version = excluded.version, names = excluded.names, language = excluded.language,
        account = excluded.account, updated_at = excluded.updated_at, revision = excluded.revision, owned = excluded.owned,
        detail = excluded.detail
    where p.revision = excluded.revision - 1
    returning 1)
select expect_rows((select count(*) from put), $13, 'revision')`

	deletePoints = `
delete from point t
using unnest($1::text[], $2::text[]) as i (source, external_id)
join person p on p.source = i.source and p.external_id = i.external_id
where t.person = p.id and not exists (
    select 1 from unnest($3::text[], $4::text[], $5::text[], $6::text[]) as k (source, external_id, kind, value)
    where k.source = i.source and k.external_id = i.external_id and k.kind = t.kind and k.value = t.value)`

	upsertPoints = `
insert into point (id, person, position, kind, value, capabilities, zones, preferred, origin, undeliverable_since, type, extension)
select i.id, p.id, i.position, i.kind, i.value, i.capabilities, i.zones, i.preferred, i.origin, i.since, i.type, i.extension
from unnest($1::text[], $2::text[], $3::bigint[], $4::smallint[], $5::text[], $6::text[], $7::text[], $8::text[],
    $9::boolean[], $10::text[], $11::bigint[], $12::text[], $13::text[]) as i (source, external_id, id, position, kind, value,
    capabilities, zones, preferred, origin, since, type, extension)
join person p on p.source = i.source and p.external_id = i.external_id
on conflict (person, kind, value) do update
set position = excluded.position, capabilities = excluded.capabilities, zones = excluded.zones,
    preferred = excluded.preferred, origin = excluded.origin, type = excluded.type, extension = excluded.extension`

	deleteIdentifiers = `
delete from identifier d
using unnest($1::text[], $2::text[]) as i (source, external_id)
join person p on p.source = i.source and p.external_id = i.external_id
where d.person = p.id`

	insertIdentifiers = `
insert into identifier (person, position, type, key, value, is_primary, is_unique)
select p.id, i.position, i.type, i.key, i.value, i.main, i.once
from unnest($1::text[], $2::text[], $3::smallint[], $4::text[], $5::text[], $6::text[], $7::boolean[], $8::boolean[])
    as i (source, external_id, position, type, key, value, main, once)
join person p on p.source = i.source and p.external_id = i.external_id`

	putSightings = `
update person p set also = case p.also when '' then i.division else p.also || ',' || i.division end
from unnest($1::bigint[], $2::text[]) as i (person, division)
where p.id = i.person and p.division <> i.division and i.division <> all (string_to_array(p.also, ','))`
)

func queuePersons(batch *pgx.Batch, jobs []*job) {
	persons := flat(jobs, func(w *store.Writes) []customer.Person { return store.Of(w.Customer).Persons })
	if len(persons) > 0 {
		putPersons(batch, slices.SortedFunc(slices.Values(persons), func(a, b customer.Person) int {
			return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.ExternalID, b.ExternalID))
		}))
	}
	queueSightings(batch, flat(jobs, func(w *store.Writes) []customer.Sighting { return store.Of(w.Customer).Sightings }))
}

func putPersons(batch *pgx.Batch, persons []customer.Person) {
	source := col(persons, func(p *customer.Person) string { return text(p.Source) })
	external := col(persons, func(p *customer.Person) string { return text(p.ExternalID) })
	version := col(persons, func(p *customer.Person) int64 { return p.Version })
	batch.Queue(personVersions, source, external, version)
	batch.Queue(upsertPersons,
		col(persons, func(p *customer.Person) int64 { return int64(p.ID) }), source, external,
		col(persons, func(p *customer.Person) string { return text(p.Division) }), version,
		col(persons, func(p *customer.Person) string { return namesText(p.Names) }),
		col(persons, func(p *customer.Person) string { return text(p.Language) }),
		col(persons, func(p *customer.Person) string { return text(p.Account) }),
		col(persons, func(p *customer.Person) int64 { return micros(p.UpdatedAt) }),
		col(persons, func(p *customer.Person) int64 { return p.Revision }),
		col(persons, func(p *customer.Person) string { return list(p.Owned) }),
		col(persons, func(p *customer.Person) string { return text(p.Detail()) }),
		len(persons))
	queuePoints(batch, source, external, pointsOf(persons))
	queueIdentifiers(batch, source, external, persons)
	var found []foundBy
	for i := range persons {
		found = append(found, foundByAll(source[i], external[i], persons[i].Words(), customer.NameWord, customer.MailWord, customer.EmailWord)...)
	}
	queueWords(batch, deletePersonWords, insertPersonWords, found)
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
		col(rows, func(p *pointRow) int64 { return micros(p.UndeliverableSince) }),
		col(rows, func(p *pointRow) string { return text(p.Type) }),
		col(rows, func(p *pointRow) string { return text(p.Extension) }))
}

// identifierRow is an identifier on its way into the table.
type identifierRow struct {
	customer.Identifier
	source, external string
	position         int16
}

func queueIdentifiers(batch *pgx.Batch, source, external []string, persons []customer.Person) {
	var rows []identifierRow
	for _, p := range persons {
		for i, id := range p.Identifiers {
			rows = append(rows, identifierRow{id, p.Source, p.ExternalID, int16(i)})
		}
	}
	batch.Queue(deleteIdentifiers, source, external)
	if len(rows) == 0 {
		return
	}
	batch.Queue(insertIdentifiers,
		col(rows, func(r *identifierRow) string { return text(r.source) }),
		col(rows, func(r *identifierRow) string { return text(r.external) }),
		col(rows, func(r *identifierRow) int16 { return r.position }),
		col(rows, func(r *identifierRow) string { return text(r.Type) }),
		col(rows, func(r *identifierRow) string { return text(r.Value.Key()) }),
		col(rows, func(r *identifierRow) string { return text(r.Value.Reveal()) }),
		col(rows, func(r *identifierRow) bool { return r.Primary }),
		col(rows, func(r *identifierRow) bool { return r.Unique }))
}

// queueSightings puts where persons are seen, each person once a statement.
func queueSightings(batch *pgx.Batch, rows []customer.Sighting) {
	rows = slices.SortedFunc(slices.Values(rows), func(a, b customer.Sighting) int {
		return cmp.Or(cmp.Compare(a.Person, b.Person), cmp.Compare(a.Division, b.Division))
	})
	rows = slices.Compact(rows)
	for len(rows) > 0 {
		var now, later []customer.Sighting
		for _, r := range rows {
			if len(now) > 0 && now[len(now)-1].Person == r.Person {
				later = append(later, r)
			} else {
				now = append(now, r)
			}
		}
		batch.Queue(putSightings, col(now, func(s *customer.Sighting) int64 { return int64(s.Person) }),
			col(now, func(s *customer.Sighting) string { return text(s.Division) }))
		rows = later
	}
}

// foundBy are the words of one kind that an object is found by.
type foundBy struct {
	source, external string
	kind             int16
	words            string
}

// wordBreak parts words in one text: no word holds it.
const wordBreak = "\x1f"

// foundByAll are the words of an object, a row for each kind, also for one without words: what is not named goes.
func foundByAll(source, external string, words []customer.Word, kinds ...customer.WordKind) []foundBy {
	rows := make([]foundBy, len(kinds))
	for i, kind := range kinds {
		var of []string
		for _, w := range words {
			if w.Kind == kind {
				of = append(of, w.Text)
			}
		}
		rows[i] = foundBy{source, external, int16(kind), text(strings.Join(of, wordBreak))}
	}
	return rows
}

const (
	wordRows = `unnest($1::text[], $2::text[], $3::smallint[], $4::text[]) as i (source, external_id, kind, words)
join `
	wordJoin = ` p on p.source = i.source and p.external_id = i.external_id`

	deleteWords = `where w.id = p.id and w.kind = i.kind and w.word <> all (string_to_array(i.words, E'\x1f'))`
	insertWords = `
cross join lateral unnest(string_to_array(i.words, E'\x1f')) as x (word)
where x.word <> ''
on conflict do nothing`

	deletePersonWords  = `delete from search_word w using ` + wordRows + `person` + wordJoin + "\n" + deleteWords
	insertPersonWords  = `insert into search_word (kind, word, id) select i.kind, x.word, p.id from ` + wordRows + `person` + wordJoin + insertWords
	deletePremiseWords = `delete from search_word w using ` + wordRows + `premise` + wordJoin + "\n" + deleteWords
	insertPremiseWords = `insert into search_word (kind, word, id) select i.kind, x.word, p.id from ` + wordRows + `premise` + wordJoin + insertWords
)

func queueWords(batch *pgx.Batch, remove, put string, rows []foundBy) {
	args := []any{
		col(rows, func(f *foundBy) string { return f.source }), col(rows, func(f *foundBy) string { return f.external }),
		col(rows, func(f *foundBy) int16 { return f.kind }), col(rows, func(f *foundBy) string { return f.words }),
	}
	batch.Queue(remove, args...)
	batch.Queue(put, args...)
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
	return text(string(b))
}
