package sqlite

import (
	"context"
	"database/sql"
	"strings"

	"carillon/core/agreement"
	"carillon/core/customer"
	"carillon/core/fault"
	"carillon/core/store"
)

const (
	insertPremise = `
insert into premise (division, version, revision, owned, detail, updated_at, id, source, external_id) values (?, ?, ?, ?, ?, ?, ?, ?, ?)`
	updatePremise = `
update premise set division = ?, version = ?, revision = ?, owned = ?, detail = ?, updated_at = ? where id = ?`

	insertAccount = `
insert into account (division, version, revision, premise, owned, detail, updated_at, id, source, external_id)
values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	updateAccount = `
update account set division = ?, version = ?, revision = ?, premise = ?, owned = ?, detail = ?, updated_at = ? where id = ?`
	insertAccountPerson = `insert into account_person (account, position, person, detail) values (?, ?, ?, ?)`

	upsertAgreement = `
insert into agreement (id, source, external_id, division, version, account, type, premise, status, start_date, end_date,
    deposit_class, current_balance, payoff_balance, currency, updated_at)
values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
on conflict (source, external_id) do update
set division = excluded.division, version = excluded.version, account = excluded.account, type = excluded.type,
    premise = excluded.premise, status = excluded.status, start_date = excluded.start_date, end_date = excluded.end_date,
    deposit_class = excluded.deposit_class, current_balance = excluded.current_balance, payoff_balance = excluded.payoff_balance,
    currency = excluded.currency, updated_at = excluded.updated_at
where agreement.version <= excluded.version`
)

// put inserts or updates what is known by a source, and returns its number.
func (x *tx) put(ctx context.Context, table, insert, update string, k known, there bool, id int64, fields []any, names ...any) (int64, error) {
	if there {
		_, err := x.exec(ctx, update, append(fields, k.id)...)
		return k.id, err
	}
	return id, x.must(ctx, store.Loss(table), insert, append(append(fields, id), names...)...)
}

func (x *tx) premise(ctx context.Context, p customer.Premise) error {
	k, there, err := x.known(ctx, "premise", p.Source, p.ExternalID, p.Version, p.Revision)
	if err != nil {
		return err
	}
	id, err := x.put(ctx, "premise", insertPremise, updatePremise, k, there, int64(p.ID),
		[]any{p.Division, p.Version, p.Revision, list(p.Owned), p.Detail(), micros(p.UpdatedAt)}, p.Source, p.ExternalID)
	if err != nil {
		return err
	}
	return x.words(ctx, id, p.Words(), customer.PremiseWord, customer.GridWord)
}

func (x *tx) account(ctx context.Context, a customer.Account) error {
	k, there, err := x.known(ctx, "account", a.Source, a.ExternalID, a.Version, a.Revision)
	if err != nil {
		return err
	}
	id, err := x.put(ctx, "account", insertAccount, updateAccount, k, there, int64(a.ID),
		[]any{a.Division, a.Version, a.Revision, a.Premise, list(a.Owned), a.Detail(), micros(a.UpdatedAt)}, a.Source, a.ExternalID)
	if err != nil {
		return err
	}
	if _, err := x.exec(ctx, `delete from account_person where account = ?`, id); err != nil {
		return err
	}
	for i, p := range a.Persons {
		if err := x.must(ctx, store.LostAccountPerson, insertAccountPerson, id, i, int64(p.Person), p.Detail()); err != nil {
			return err
		}
	}
	return nil
}

func (x *tx) agreement(ctx context.Context, a agreement.Agreement) error {
	return x.must(ctx, store.LostVersion, upsertAgreement, int64(a.ID), a.Source, a.ExternalID, a.Division, a.Version, int64(a.Account), a.Type,
		a.Premise, string(a.Status), a.Start, a.End, a.DepositClass, a.Current, a.Payoff, a.Currency, micros(a.UpdatedAt))
}

// HoldersOf implements [store.Customers].
func (s *Store) HoldersOf(ctx context.Context, kind, key string) (found []customer.PersonID, err error) {
	err = s.read(ctx, "looking for who has an identifier", func(q *sql.Tx) error {
		found, err = readAll(ctx, q, `select distinct person from identifier where key = ? and type = ? order by person`, []any{key, kind},
			func(r rowScanner, id *customer.PersonID) error { return r.Scan(id) })
		return err
	})
	return found, err
}

// identifiersOf reads the identifiers of a person.
func identifiersOf(ctx context.Context, q *sql.Tx, id customer.PersonID) ([]customer.Identifier, error) {
	return readAll(ctx, q, `select type, value, is_primary, is_unique from identifier where person = ? order by position`, []any{int64(id)},
		func(r rowScanner, i *customer.Identifier) error {
			return r.Scan(&i.Type, (*string)(&i.Value), &i.Primary, &i.Unique)
		})
}

const accountColumns = `
select p.id, p.source, p.external_id, p.division, p.version, p.revision, p.premise, p.owned, p.detail, p.updated_at from account p `

// Account implements [store.Accounts].
func (s *Store) Account(ctx context.Context, id customer.AccountID) (customer.Account, error) {
	return single(s.Accounts(ctx, []customer.AccountID{id}))
}

// AccountByExternal implements [store.Accounts].
func (s *Store) AccountByExternal(ctx context.Context, source, externalID string) (customer.Account, error) {
	return single(s.AccountsWhere(ctx, store.AccountQuery{Source: source, ExternalIDs: []string{externalID}}))
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

// Accounts implements [store.Accounts].
func (s *Store) Accounts(ctx context.Context, ids []customer.AccountID) ([]customer.Account, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	in, args := among(numbersOf(ids))
	return s.accounts(ctx, `where p.id in `+in+` order by p.id`, args...)
}

// AccountsAfter implements [store.Accounts].
func (s *Store) AccountsAfter(ctx context.Context, after customer.AccountID, limit int) ([]customer.Account, error) {
	return s.accounts(ctx, `where p.id > ? order by p.id limit ?`, int64(after), limit)
}

// AccountsWhere implements [store.Accounts].
func (s *Store) AccountsWhere(ctx context.Context, q store.AccountQuery) ([]customer.Account, error) {
	if q.Limit == 0 {
		q.Limit = -1 // SQLite's word for no bound
	}
	switch {
	case len(q.Persons) > 0:
		in, args := among(numbersOf(q.Persons))
		return s.accounts(ctx, `where p.id in (select account from account_person where person in `+in+`) order by p.id limit ?`, append(args, q.Limit)...)
	case len(q.ExternalIDs) > 0:
		in, args := among(q.ExternalIDs)
		return s.accounts(ctx, `where p.external_id in `+in+` and ? in (p.source, '') order by p.id limit ?`, append(args, q.Source, q.Limit)...)
	case q.Premise != "":
		return s.accounts(ctx, `where p.premise = ? and p.source = ? order by p.id limit ?`, q.Premise, q.Source, q.Limit)
	}
	return nil, nil
}

// among is a list of places with what stands in them.
func among[T any](values []T) (string, []any) {
	args := make([]any, len(values))
	for i, v := range values {
		args[i] = v
	}
	if len(values) == 0 {
		return `(null)`, nil
	}
	return `(?` + strings.Repeat(`, ?`, len(values)-1) + `)`, args
}

func numbersOf[N ~int64](ids []N) []int64 {
	all := make([]int64, len(ids))
	for i, id := range ids {
		all[i] = int64(id)
	}
	return all
}

func (s *Store) accounts(ctx context.Context, where string, args ...any) (found []customer.Account, err error) {
	err = s.read(ctx, "reading accounts", func(q *sql.Tx) error {
		found, err = readAll(ctx, q, accountColumns+where, args, scanAccount)
		for i := range found {
			if err != nil {
				return err
			}
			found[i].Persons, err = readAll(ctx, q, `select person, detail from account_person where account = ? order by position`,
				[]any{int64(found[i].ID)}, func(r rowScanner, p *customer.AccountPerson) error {
					var detail string
					if err := r.Scan(&p.Person, &detail); err != nil {
						return err
					}
					return p.ReadDetail(detail)
				})
		}
		return err
	})
	return found, err
}

func scanAccount(r rowScanner, a *customer.Account) error {
	var detail string
	if err := r.Scan(&a.ID, &a.Source, &a.ExternalID, &a.Division, &a.Version, &a.Revision, &a.Premise, words[customer.Group]{&a.Owned},
		&detail, moment{&a.UpdatedAt}); err != nil {
		return err
	}
	return a.ReadDetail(detail)
}

const premiseColumns = `
select id, source, external_id, division, version, revision, owned, detail, updated_at from premise `

// Premise implements [store.Premises].
func (s *Store) Premise(ctx context.Context, id customer.PremiseID) (customer.Premise, error) {
	return single(s.Premises(ctx, []customer.PremiseID{id}))
}

// Premises implements [store.Premises].
func (s *Store) Premises(ctx context.Context, ids []customer.PremiseID) ([]customer.Premise, error) {
	in, args := among(numbersOf(ids))
	return s.premises(ctx, `where id in `+in+` order by id`, args)
}

// PremisesByExternal implements [store.Premises].
func (s *Store) PremisesByExternal(ctx context.Context, source string, externalIDs []string) ([]customer.Premise, error) {
	in, args := among(externalIDs)
	return s.premises(ctx, `where external_id in `+in+` and ? in (source, '') order by id`, append(args, source))
}

func (s *Store) premises(ctx context.Context, where string, args []any) (found []customer.Premise, err error) {
	err = s.read(ctx, "reading premises", func(q *sql.Tx) error {
		found, err = readAll(ctx, q, premiseColumns+where, args, func(r rowScanner, p *customer.Premise) error {
			var detail string
			if err := r.Scan(&p.ID, &p.Source, &p.ExternalID, &p.Division, &p.Version, &p.Revision, words[customer.Group]{&p.Owned},
				&detail, moment{&p.UpdatedAt}); err != nil {
				return err
			}
			return p.ReadDetail(detail)
		})
		return err
	})
	return found, err
}

const agreementColumns = `
select id, source, external_id, division, version, account, type, premise, status, start_date, end_date, deposit_class,
    current_balance, payoff_balance, currency, updated_at from agreement `

// AgreementsOfAccounts implements [store.Agreements].
func (s *Store) AgreementsOfAccounts(ctx context.Context, ids []customer.AccountID) ([]agreement.Agreement, error) {
	in, args := among(numbersOf(ids))
	return s.agreements(ctx, `where account in `+in+` order by id`, args)
}

// AgreementsByExternal implements [store.Agreements].
func (s *Store) AgreementsByExternal(ctx context.Context, source string, externalIDs []string) ([]agreement.Agreement, error) {
	in, args := among(externalIDs)
	return s.agreements(ctx, `where external_id in `+in+` and source = ? order by id`, append(args, source))
}

func (s *Store) agreements(ctx context.Context, where string, args []any) (found []agreement.Agreement, err error) {
	err = s.read(ctx, "reading service agreements", func(q *sql.Tx) error {
		found, err = readAll(ctx, q, agreementColumns+where, args, func(r rowScanner, a *agreement.Agreement) error {
			return r.Scan(&a.ID, &a.Source, &a.ExternalID, &a.Division, &a.Version, &a.Account, &a.Type, &a.Premise, &a.Status, &a.Start,
				&a.End, &a.DepositClass, &a.Current, &a.Payoff, &a.Currency, moment{&a.UpdatedAt})
		})
		return err
	})
	return found, err
}
