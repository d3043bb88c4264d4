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
insert into person (division, version, names, language, account, updated_at, id, source, external_id)
values (?, ?, ?, ?, ?, ?, ?, ?, ?)`

	updatePerson = `
update person set division = ?, version = ?, names = ?, language = ?, account = ?, updated_at = ? where id = ?`

	personColumns = `id, source, external_id, division, version, names, language, account, updated_at`
)

// person loads a person: one that is known keeps its number, and a lower version than the stored one loses.
func (x *tx) person(ctx context.Context, p customer.Person) error {
	names, err := json.Marshal(p.Names)
	if err != nil {
		return err
	}
	var id customer.PersonID
	var version int64
	err = x.row(ctx, `select id, version from person where source = ? and external_id = ?`, p.Source, p.ExternalID).
		Scan(&id, &version)
	fields := []any{p.Division, p.Version, string(names), p.Language, p.Account, micros(p.UpdatedAt)}
	switch {
	case isNone(err):
		id = p.ID
		err = x.must(ctx, "person", insertPerson, append(fields, int64(p.ID), p.Source, p.ExternalID)...)
	case err == nil && version > p.Version:
		return lose("version")
	case err == nil:
		_, err = x.exec(ctx, updatePerson, append(fields, int64(id))...)
	}
	if err != nil {
		return err
	}
	return x.points(ctx, id, p.Points)
}

func scanPerson(r rowScanner, p *customer.Person) error {
	var names string
	err := r.Scan(&p.ID, &p.Source, &p.ExternalID, &p.Division, &p.Version, &names, &p.Language, &p.Account,
		moment{&p.UpdatedAt})
	if err != nil {
		return err
	}
	return json.Unmarshal([]byte(names), &p.Names)
}

const (
	pointsOf = `
select id, person, kind, value, capabilities, zones, preferred, origin, undeliverable_since
from point where person = ? order by position`

	insertPoint = `
insert into point (id, person, position, kind, value, capabilities, zones, preferred, origin, undeliverable_since)
values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
)

// points replaces the points of a person by what the load and the stored ones amount to.
func (x *tx) points(ctx context.Context, person customer.PersonID, load []customer.Point) error {
	rows, err := x.rows(ctx, pointsOf, int64(person))
	stored, err := collect(rows, err, scanPoint)
	if err != nil {
		return err
	}
	if _, err := x.exec(ctx, `delete from point where person = ?`, int64(person)); err != nil {
		return err
	}
	for i, p := range merge(stored, load) {
		err := x.must(ctx, "point", insertPoint, int64(p.ID), int64(person), i, string(p.Kind), p.Value.Reveal(),
			list(p.Capabilities), list(p.Zones), p.Preferred, string(p.Origin), micros(p.UndeliverableSince))
		if err != nil {
			return err
		}
	}
	return nil
}

// merge is what a person's points are after a load, in the order of the load; of a value given twice the first counts.
// A point whose value is known keeps its number, its owner and its mark, which only marks change. What Carillon owns
// stays, and a load of the CIS does not change it.
func merge(stored, load []customer.Point) []customer.Point {
	merged := make([]customer.Point, 0, len(load))
	for _, p := range load {
		same := func(have customer.Point) bool { return have.Kind == p.Kind && have.Value == p.Value }
		if slices.ContainsFunc(merged, same) {
			continue
		}
		if i := slices.IndexFunc(stored, same); i >= 0 {
			have := stored[i]
			if have.Origin == customer.FromCarillon && p.Origin != customer.FromCarillon {
				p = have
			}
			p.ID, p.Origin, p.UndeliverableSince = have.ID, have.Origin, have.UndeliverableSince
			stored = slices.Delete(stored, i, i+1)
		}
		merged = append(merged, p)
	}
	for _, have := range stored {
		if have.Origin == customer.FromCarillon {
			merged = append(merged, have)
		}
	}
	return merged
}

func scanPoint(r rowScanner, p *customer.Point) error {
	return r.Scan(&p.ID, &p.Person, &p.Kind, &p.Value, words[customer.Capability]{&p.Capabilities},
		words[string]{&p.Zones}, &p.Preferred, &p.Origin, moment{&p.UndeliverableSince})
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
