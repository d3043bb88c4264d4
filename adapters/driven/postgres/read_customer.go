package postgres

import (
	"context"
	"encoding/json"

	"github.com/jackc/pgx/v5"

	"carillon/core/agreement"
	"carillon/core/customer"
	"carillon/core/fault"
	"carillon/core/store"
)

// Persons with their points and identifiers, in one round trip.
const (
	personColumns = `
select id, source, external_id, division, version, names, language, account, updated_at, revision, also, owned, detail from person `
	personsByID       = personColumns + `where id = any ($1)`
	personsByExternal = personColumns + `where source = $1 and external_id = any ($2)`

	pointColumns = `
select t.id, t.person, t.kind, t.value, t.capabilities, t.zones, t.preferred, t.origin, t.undeliverable_since, t.type, t.extension
from point t `
	pointsOfPersons   = pointColumns + `where t.person = any ($1) order by t.position, t.id`
	pointsOfExternals = pointColumns + `
join person p on p.id = t.person where p.source = $1 and p.external_id = any ($2) order by t.position, t.id`

	identifierColumns      = `select t.person, t.type, t.value, t.is_primary, t.is_unique from identifier t `
	identifiersOfPersons   = identifierColumns + `where t.person = any ($1) order by t.person, t.position`
	identifiersOfExternals = identifierColumns + `
join person p on p.id = t.person where p.source = $1 and p.external_id = any ($2) order by t.person, t.position`

	holdersOf = `select distinct person from identifier where key = $1 and type = $2 order by person`
)

// Person implements [store.Customers].
func (s *Store) Person(ctx context.Context, id customer.PersonID) (customer.Person, error) {
	return single(s.Persons(ctx, []customer.PersonID{id}))
}

// PersonByExternal implements [store.Customers].
func (s *Store) PersonByExternal(ctx context.Context, source, externalID string) (customer.Person, error) {
	return single(s.PersonsByExternal(ctx, source, []string{externalID}))
}

// single is the one that was asked for.
func single[T any](found []T, err error) (none T, _ error) {
	switch {
	case err != nil:
		return none, err
	case len(found) == 0:
		return none, fault.New(fault.NotFound, "there is no such customer")
	}
	return found[0], nil
}

// Persons implements [store.Many].
func (s *Store) Persons(ctx context.Context, ids []customer.PersonID) ([]customer.Person, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	return s.persons(ctx, personsByID, pointsOfPersons, identifiersOfPersons, numbersOf(ids))
}

// PersonsByExternal implements [store.Many].
func (s *Store) PersonsByExternal(ctx context.Context, source string, externalIDs []string) ([]customer.Person, error) {
	if len(externalIDs) == 0 {
		return nil, nil
	}
	return s.persons(ctx, personsByExternal, pointsOfExternals, identifiersOfExternals, text(source), texts(externalIDs))
}

// numbersOf are identifiers as stored.
func numbersOf[N ~int64](ids []N) []int64 {
	return col(ids, func(id *N) int64 { return int64(*id) })
}

func texts(all []string) []string { return col(all, func(s *string) string { return text(*s) }) }

// held is an identifier with whose it is.
type heldIdentifier struct {
	person customer.PersonID
	is     customer.Identifier
}

func (s *Store) persons(ctx context.Context, persons, points, identifiers string, args ...any) (found []customer.Person, err error) {
	var reached []customer.Point
	var known []heldIdentifier
	err = s.look(ctx, "reading persons", func(batch *pgx.Batch) {
		queueRead(batch, &found, personOf, persons, args...)
		queueRead(batch, &reached, pointOf, points, args...)
		queueRead(batch, &known, identifierOf, identifiers, args...)
	})
	if err != nil {
		return nil, err
	}
	at := make(map[customer.PersonID]*customer.Person, len(found))
	for i := range found {
		at[found[i].ID] = &found[i]
	}
	for _, point := range reached {
		if p, ok := at[point.Person]; ok {
			p.Points = append(p.Points, point)
		}
	}
	for _, id := range known {
		if p, ok := at[id.person]; ok {
			p.Identifiers = append(p.Identifiers, id.is)
		}
	}
	return found, nil
}

func personOf(row pgx.CollectableRow) (p customer.Person, err error) {
	var names, also, owned, detail string
	var updated int64
	if err = row.Scan((*int64)(&p.ID), &p.Source, &p.ExternalID, &p.Division, &p.Version, &names, &p.Language, &p.Account,
		&updated, &p.Revision, &also, &owned, &detail); err != nil {
		return p, err
	}
	p.UpdatedAt, p.Also, p.Owned = timeOf(updated), words[string](also), words[customer.Group](owned)
	if names != "" {
		err = json.Unmarshal([]byte(names), &p.Names)
	}
	if err == nil {
		err = p.ReadDetail(detail)
	}
	return p, err
}

func pointOf(row pgx.CollectableRow) (p customer.Point, err error) {
	var capabilities, zones string
	var since int64
	err = row.Scan((*int64)(&p.ID), (*int64)(&p.Person), (*string)(&p.Kind), (*string)(&p.Value), &capabilities, &zones,
		&p.Preferred, (*string)(&p.Origin), &since, &p.Type, &p.Extension)
	p.Capabilities, p.Zones = words[customer.Capability](capabilities), words[string](zones)
	p.UndeliverableSince = timeOf(since)
	return p, err
}

func identifierOf(row pgx.CollectableRow) (h heldIdentifier, err error) {
	err = row.Scan((*int64)(&h.person), &h.is.Type, (*string)(&h.is.Value), &h.is.Primary, &h.is.Unique)
	return h, err
}

// HoldersOf implements [store.Customers].
func (s *Store) HoldersOf(ctx context.Context, kind, key string) ([]customer.PersonID, error) {
	return all(ctx, s, "looking for who has an identifier", numberOf[customer.PersonID], holdersOf, text(key), text(kind))
}

func numberOf[N ~int64](row pgx.CollectableRow) (id N, err error) {
	var n int64
	err = row.Scan(&n)
	return N(n), err
}

// Accounts with their persons, premises and service agreements.
const (
	// Rows are found by their index first and put in order then. Asked for both at once where sorting is put off (see
	// byIndex), the planner walks the whole table along its numbers.
	matched = `with found as materialized (`
	inOrder = `) select * from found order by id`

	accountColumns = `
select p.id, p.source, p.external_id, p.division, p.version, p.revision, p.premise, p.owned, p.detail, p.updated_at from account p `
	accountsByID       = accountColumns + `where p.id = any ($1) order by p.id`
	accountsByExternal = matched + accountColumns + `where ($1 = '' or p.source = $1) and p.external_id = any ($2)` + inOrder + ` limit nullif($3::bigint, 0)`
	accountsAfter      = accountColumns + `where p.id > $1 order by p.id limit $2`
	accountsOfPersons  = matched + accountColumns + `
join (select distinct account from account_person where person = any ($1)) a on a.account = p.id` + inOrder + ` limit nullif($2::bigint, 0)`
	accountsAtPremise = matched + accountColumns + `where p.premise = $1 and p.premise <> '' and p.source = $2` + inOrder + ` limit nullif($3::bigint, 0)`

	personsOfAccounts = `select account, person, detail from account_person where account = any ($1) order by account, position`

	premiseColumns = `
select id, source, external_id, division, version, revision, owned, detail, updated_at from premise `
	premisesByID       = premiseColumns + `where id = any ($1) order by id`
	premisesByExternal = matched + premiseColumns + `where ($1 = '' or source = $1) and external_id = any ($2)` + inOrder

	agreementColumns = `
select id, source, external_id, division, version, account, type, premise, status, start_date, end_date, deposit_class,
    current_balance, payoff_balance, currency, updated_at from agreement `
	agreementsOfAccounts = matched + agreementColumns + `where account = any ($1)` + inOrder
	agreementsByExternal = matched + agreementColumns + `where source = $1 and external_id = any ($2)` + inOrder
)

// Account implements [store.Accounts].
func (s *Store) Account(ctx context.Context, id customer.AccountID) (customer.Account, error) {
	return single(s.Accounts(ctx, []customer.AccountID{id}))
}

// AccountByExternal implements [store.Accounts].
func (s *Store) AccountByExternal(ctx context.Context, source, externalID string) (customer.Account, error) {
	return single(s.AccountsWhere(ctx, store.AccountQuery{Source: source, ExternalIDs: []string{externalID}}))
}

// Accounts implements [store.Accounts].
func (s *Store) Accounts(ctx context.Context, ids []customer.AccountID) ([]customer.Account, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	return s.accounts(ctx, accountsByID, numbersOf(ids))
}

// AccountsAfter implements [store.Accounts].
func (s *Store) AccountsAfter(ctx context.Context, after customer.AccountID, limit int) ([]customer.Account, error) {
	return s.accounts(ctx, accountsAfter, int64(after), limit)
}

// AccountsWhere implements [store.Accounts].
func (s *Store) AccountsWhere(ctx context.Context, q store.AccountQuery) ([]customer.Account, error) {
	switch {
	case len(q.Persons) > 0:
		return s.accounts(ctx, accountsOfPersons, numbersOf(q.Persons), q.Limit)
	case len(q.ExternalIDs) > 0:
		return s.accounts(ctx, accountsByExternal, text(q.Source), texts(q.ExternalIDs), q.Limit)
	case q.Premise != "":
		return s.accounts(ctx, accountsAtPremise, text(q.Premise), text(q.Source), q.Limit)
	}
	return nil, nil
}

func (s *Store) accounts(ctx context.Context, statement string, args ...any) ([]customer.Account, error) {
	found, err := all(ctx, s, "reading accounts", accountOf, statement, args...)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	at := make(map[customer.AccountID]*customer.Account, len(found))
	for i := range found {
		at[found[i].ID] = &found[i]
	}
	err = s.look(ctx, "reading persons of accounts", func(batch *pgx.Batch) {
		ids := col(found, func(a *customer.Account) int64 { return int64(a.ID) })
		batch.Queue(personsOfAccounts, ids).Query(func(rows pgx.Rows) error {
			defer rows.Close()
			for rows.Next() {
				var account int64
				var p customer.AccountPerson
				var detail string
				if err := rows.Scan(&account, (*int64)(&p.Person), &detail); err != nil {
					return err
				}
				if err := p.ReadDetail(detail); err != nil {
					return err
				}
				if a, ok := at[customer.AccountID(account)]; ok {
					a.Persons = append(a.Persons, p)
				}
			}
			return rows.Err()
		})
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}

func accountOf(row pgx.CollectableRow) (a customer.Account, err error) {
	var owned, detail string
	var updated int64
	if err = row.Scan((*int64)(&a.ID), &a.Source, &a.ExternalID, &a.Division, &a.Version, &a.Revision, &a.Premise, &owned, &detail,
		&updated); err != nil {
		return a, err
	}
	a.Owned, a.UpdatedAt = words[customer.Group](owned), timeOf(updated)
	return a, a.ReadDetail(detail)
}

// Premise implements [store.Premises].
func (s *Store) Premise(ctx context.Context, id customer.PremiseID) (customer.Premise, error) {
	return single(s.Premises(ctx, []customer.PremiseID{id}))
}

// Premises implements [store.Premises].
func (s *Store) Premises(ctx context.Context, ids []customer.PremiseID) ([]customer.Premise, error) {
	return all(ctx, s, "reading premises", premiseOf, premisesByID, numbersOf(ids))
}

// PremisesByExternal implements [store.Premises].
func (s *Store) PremisesByExternal(ctx context.Context, source string, externalIDs []string) ([]customer.Premise, error) {
	return all(ctx, s, "reading premises", premiseOf, premisesByExternal, text(source), texts(externalIDs))
}

func premiseOf(row pgx.CollectableRow) (p customer.Premise, err error) {
	var owned, detail string
	var updated int64
	if err = row.Scan((*int64)(&p.ID), &p.Source, &p.ExternalID, &p.Division, &p.Version, &p.Revision, &owned, &detail, &updated); err != nil {
		return p, err
	}
	p.Owned, p.UpdatedAt = words[customer.Group](owned), timeOf(updated)
	return p, p.ReadDetail(detail)
}

// AgreementsOfAccounts implements [store.Agreements].
func (s *Store) AgreementsOfAccounts(ctx context.Context, ids []customer.AccountID) ([]agreement.Agreement, error) {
	return all(ctx, s, "reading service agreements", agreementOf, agreementsOfAccounts, numbersOf(ids))
}

// AgreementsByExternal implements [store.Agreements].
func (s *Store) AgreementsByExternal(ctx context.Context, source string, externalIDs []string) ([]agreement.Agreement, error) {
	return all(ctx, s, "reading service agreements", agreementOf, agreementsByExternal, text(source), texts(externalIDs))
}

func agreementOf(row pgx.CollectableRow) (a agreement.Agreement, err error) {
	var updated int64
	err = row.Scan((*int64)(&a.ID), &a.Source, &a.ExternalID, &a.Division, &a.Version, (*int64)(&a.Account), &a.Type, &a.Premise,
		(*string)(&a.Status), &a.Start, &a.End, &a.DepositClass, &a.Current, &a.Payoff, &a.Currency, &updated)
	a.UpdatedAt = timeOf(updated)
	return a, err
}
