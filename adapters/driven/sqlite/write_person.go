package sqlite

import (
	"context"
	"encoding/json"
	"slices"

	"carillon/core/consent"
	"carillon/core/customer"
	"carillon/core/store"
)

const (
	insertPerson = `
insert into person (division, version, names, language, account, updated_at, revision, owned, detail, id, source, external_id)
values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

	updatePerson = `
update person set division = ?, version = ?, names = ?, language = ?, account = ?, updated_at = ?, revision = ?, owned = ?, detail = ?
where id = ?`

	personColumns = `
id, source, external_id, division, version, names, language, account, updated_at, revision, also, owned, detail`
)

// known is what is stored of an object that is written.
type known struct{ id, version, revision int64 }

// known looks an object up by its source's name for it; a lower version than the stored one loses, and so does a
// revision that does not follow it. there is false for a new one.
func (x *tx) known(ctx context.Context, table, source, external string, version, revision int64) (k known, there bool, err error) {
	err = x.row(ctx, `select id, version, revision from `+table+` where source = ? and external_id = ?`, source, external).
		Scan(&k.id, &k.version, &k.revision)
	switch {
	case isNone(err):
		return k, false, nil
	case err != nil:
		return k, false, err
	case k.version > version:
		return k, true, lose(store.LostVersion)
	case k.revision != revision-1:
		return k, true, lose(store.LostRevision)
	}
	return k, true, nil
}

// person writes a person: one that is known keeps its number.
func (x *tx) person(ctx context.Context, p customer.Person) error {
	names, err := json.Marshal(p.Names)
	if err != nil {
		return err
	}
	k, there, err := x.known(ctx, "person", p.Source, p.ExternalID, p.Version, p.Revision)
	if err != nil {
		return err
	}
	fields := []any{
		p.Division, p.Version, string(names), p.Language, p.Account, micros(p.UpdatedAt), p.Revision, list(p.Owned), p.Detail(),
	}
	id := customer.PersonID(k.id)
	if there {
		_, err = x.exec(ctx, updatePerson, append(fields, k.id)...)
	} else {
		id = p.ID
		err = x.must(ctx, store.LostPerson, insertPerson, append(fields, int64(p.ID), p.Source, p.ExternalID)...)
	}
	if err != nil {
		return err
	}
	if err := x.points(ctx, id, p.Points); err != nil {
		return err
	}
	if err := x.identifiers(ctx, id, p.Identifiers); err != nil {
		return err
	}
	return x.words(ctx, int64(id), p.Words(), customer.NameWord, customer.MailWord, customer.EmailWord)
}

func scanPerson(r rowScanner, p *customer.Person) error {
	var names, detail string
	err := r.Scan(&p.ID, &p.Source, &p.ExternalID, &p.Division, &p.Version, &names, &p.Language, &p.Account,
		moment{&p.UpdatedAt}, &p.Revision, words[string]{&p.Also}, words[customer.Group]{&p.Owned}, &detail)
	if err != nil {
		return err
	}
	if err := json.Unmarshal([]byte(names), &p.Names); err != nil {
		return err
	}
	return p.ReadDetail(detail)
}

const insertIdentifier = `
insert into identifier (person, position, type, key, value, is_primary, is_unique) values (?, ?, ?, ?, ?, ?, ?)`

// identifiers replaces those of a person.
func (x *tx) identifiers(ctx context.Context, person customer.PersonID, all []customer.Identifier) error {
	if _, err := x.exec(ctx, `delete from identifier where person = ?`, int64(person)); err != nil {
		return err
	}
	for i, id := range all {
		if err := x.must(ctx, store.LostIdentifier, insertIdentifier, int64(person), i, id.Type, id.Value.Key(), id.Value.Reveal(), id.Primary,
			id.Unique); err != nil {
			return err
		}
	}
	return nil
}

// words replaces the words that an object is found by.
func (x *tx) words(ctx context.Context, id int64, all []customer.Word, kinds ...customer.WordKind) error {
	for _, kind := range kinds {
		if _, err := x.exec(ctx, `delete from search_word where id = ? and kind = ?`, id, int64(kind)); err != nil {
			return err
		}
	}
	for _, w := range all {
		if _, err := x.exec(ctx, `insert into search_word (kind, word, id) values (?, ?, ?) on conflict do nothing`, int64(w.Kind), w.Text, id); err != nil {
			return err
		}
	}
	return nil
}

const putSighting = `
update person set also = case also when '' then ?2 else also || ',' || ?2 end
where id = ?1 and division <> ?2 and instr(',' || also || ',', ',' || ?2 || ',') = 0`

func (x *tx) sighting(ctx context.Context, s customer.Sighting) error {
	_, err := x.exec(ctx, putSighting, int64(s.Person), s.Division)
	return err
}

const (
	pointsOf = `
select id, person, kind, value, capabilities, zones, preferred, origin, undeliverable_since, type, extension
from point where person = ? order by position`

	insertPoint = `
insert into point (id, person, position, kind, value, capabilities, zones, preferred, origin, undeliverable_since, type, extension)
values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
)

// points replaces the points of a person.
func (x *tx) points(ctx context.Context, person customer.PersonID, write []customer.Point) error {
	rows, err := x.rows(ctx, pointsOf, int64(person))
	stored, err := collect(rows, err, scanPoint)
	if err != nil {
		return err
	}
	if _, err := x.exec(ctx, `delete from point where person = ?`, int64(person)); err != nil {
		return err
	}
	for i, p := range merge(stored, write) {
		err := x.must(ctx, store.LostPoint, insertPoint, int64(p.ID), int64(person), i, string(p.Kind), p.Value.Reveal(),
			list(p.Capabilities), list(p.Zones), p.Preferred, string(p.Origin), micros(p.UndeliverableSince), p.Type, p.Extension)
		if err != nil {
			return err
		}
	}
	return nil
}

// merge is what a person's points are after a write, in its order; of a value given twice the first counts. A point
// whose value is known keeps its number and its mark, which only marks change.
func merge(stored, write []customer.Point) []customer.Point {
	merged := make([]customer.Point, 0, len(write))
	for _, p := range write {
		same := func(have customer.Point) bool { return have.Kind == p.Kind && have.Value == p.Value }
		if slices.ContainsFunc(merged, same) {
			continue
		}
		if i := slices.IndexFunc(stored, same); i >= 0 {
			p.ID, p.UndeliverableSince = stored[i].ID, stored[i].UndeliverableSince
		}
		merged = append(merged, p)
	}
	return merged
}

func scanPoint(r rowScanner, p *customer.Point) error {
	return r.Scan(&p.ID, &p.Person, &p.Kind, &p.Value, words[customer.Capability]{&p.Capabilities},
		words[string]{&p.Zones}, &p.Preferred, &p.Origin, moment{&p.UndeliverableSince}, &p.Type, &p.Extension)
}

const markPoints = `update point set undeliverable_since = ? where kind = ? and value = ?`

func (x *tx) mark(ctx context.Context, m store.PointMark) error {
	query, args := markPoints, []any{micros(m.Since), string(m.Kind), m.Value.Reveal()}
	if m.Point != 0 {
		query, args = markPoints+` and id = ?`, append(args, int64(m.Point))
	}
	_, err := x.exec(ctx, query, args...)
	return err
}

const insertSuppression = `
insert into suppression (channel, address, division, reason, origin, since) values (?, ?, ?, ?, ?, ?)
on conflict do nothing`

func (x *tx) suppress(ctx context.Context, s consent.Suppression) error {
	_, err := x.exec(ctx, insertSuppression, string(s.Channel), s.Address.Reveal(), s.Division, s.Reason, s.Origin, micros(s.Since))
	return err
}

func (x *tx) lift(ctx context.Context, s consent.Suppression) error {
	_, err := x.exec(ctx, `delete from suppression where channel = ? and address = ? and division = ? and reason = ?`,
		string(s.Channel), s.Address.Reveal(), s.Division, s.Reason)
	return err
}
