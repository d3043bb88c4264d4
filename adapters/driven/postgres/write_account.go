package postgres

import (
	"cmp"
	"slices"

	"github.com/jackc/pgx/v5"

	"carillon/core/agreement"
	"carillon/core/customer"
	"carillon/core/store"
)

// The writing of accounts, premises and service agreements, as that of persons.
const (
	accountVersions = `
select expect_rows((select count(*) from unnest($1::text[], $2::text[], $3::bigint[]) as i (source, external_id, version)
    join account p on p.source = i.source and p.external_id = i.external_id where p.version > i.version), 0, 'version')`

	upsertAccounts = `
with put as (
    insert into account as p (id, source, external_id, division, version, revision, premise, owned, detail, updated_at)
    select * from unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::bigint[], $7::text[], $8::text[],
        $9::text[], $10::bigint[])
    on conflict (source, external_id) do update
    set division = excluded.division, version = excluded.version, revision = excluded.revision, premise = excluded.premise,
        owned = excluded.owned, detail = excluded.detail, updated_at = excluded.updated_at
    where p.revision = excluded.revision - 1
    returning 1)
select expect_rows((select count(*) from put), $11, 'revision')`

	deleteAccountPersons = `
delete from account_person d
using unnest($1::text[], $2::text[]) as i (source, external_id)
join account p on p.source = i.source and p.external_id = i.external_id
where d.account = p.id`

	insertAccountPersons = `
insert into account_person (account, position, person, detail)
select p.id, i.position, i.person, i.detail
from unnest($1::text[], $2::text[], $3::smallint[], $4::bigint[], $5::text[]) as i (source, external_id, position, person, detail)
join account p on p.source = i.source and p.external_id = i.external_id`

	premiseVersions = `
select expect_rows((select count(*) from unnest($1::text[], $2::text[], $3::bigint[]) as i (source, external_id, version)
    join premise p on p.source = i.source and p.external_id = i.external_id where p.version > i.version), 0, 'version')`

	upsertPremises = `
with put as (
    insert into premise as p (id, source, external_id, division, version, revision, owned, detail, updated_at)
    select * from unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::bigint[], $7::text[], $8::text[],
        $9::bigint[])
    on conflict (source, external_id) do update
    set division = excluded.division, version = excluded.version, revision = excluded.revision, owned = excluded.owned,
        detail = excluded.detail, updated_at = excluded.updated_at
    where p.revision = excluded.revision - 1
    returning 1)
select expect_rows((select count(*) from put), $10, 'revision')`

	upsertAgreements = `
with put as (
    insert into agreement as p (id, source, external_id, division, version, account, type, premise, status, start_date, end_date,
        deposit_class, current_balance, payoff_balance, currency, updated_at)
    select * from unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::bigint[], $7::text[], $8::text[],
        $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[], $15::text[], $16::bigint[])
    on conflict (source, external_id) do update
    set division = excluded.division, version = excluded.version, account = excluded.account, type = excluded.type,
        premise = excluded.premise, status = excluded.status, start_date = excluded.start_date, end_date = excluded.end_date,
        deposit_class = excluded.deposit_class, current_balance = excluded.current_balance,
        payoff_balance = excluded.payoff_balance, currency = excluded.currency, updated_at = excluded.updated_at
    where p.version <= excluded.version
    returning 1)
select expect_rows((select count(*) from put), $17, 'version')`
)

// queueCustomers puts what customers have: premises, accounts with their persons, service agreements.
func queueCustomers(batch *pgx.Batch, jobs []*job) {
	if rows := flat(jobs, func(w *store.Writes) []customer.Premise { return store.Of(w.Customer).Premises }); len(rows) > 0 {
		putPremises(batch, slices.SortedFunc(slices.Values(rows), func(a, b customer.Premise) int {
			return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.ExternalID, b.ExternalID))
		}))
	}
	if rows := flat(jobs, func(w *store.Writes) []customer.Account { return store.Of(w.Customer).Accounts }); len(rows) > 0 {
		putAccounts(batch, slices.SortedFunc(slices.Values(rows), func(a, b customer.Account) int {
			return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.ExternalID, b.ExternalID))
		}))
	}
	if rows := flat(jobs, func(w *store.Writes) []agreement.Agreement { return store.Of(w.Customer).Agreements }); len(rows) > 0 {
		putAgreements(batch, slices.SortedFunc(slices.Values(rows), func(a, b agreement.Agreement) int {
			return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.ExternalID, b.ExternalID))
		}))
	}
}

func putPremises(batch *pgx.Batch, rows []customer.Premise) {
	source := col(rows, func(p *customer.Premise) string { return text(p.Source) })
	external := col(rows, func(p *customer.Premise) string { return text(p.ExternalID) })
	version := col(rows, func(p *customer.Premise) int64 { return p.Version })
	batch.Queue(premiseVersions, source, external, version)
	batch.Queue(upsertPremises,
		col(rows, func(p *customer.Premise) int64 { return int64(p.ID) }), source, external,
		col(rows, func(p *customer.Premise) string { return text(p.Division) }), version,
		col(rows, func(p *customer.Premise) int64 { return p.Revision }),
		col(rows, func(p *customer.Premise) string { return list(p.Owned) }),
		col(rows, func(p *customer.Premise) string { return text(p.Detail()) }),
		col(rows, func(p *customer.Premise) int64 { return micros(p.UpdatedAt) }),
		len(rows))
	var found []foundBy
	for i := range rows {
		found = append(found, foundByAll(source[i], external[i], rows[i].Words(), customer.PremiseWord, customer.GridWord)...)
	}
	queueWords(batch, deletePremiseWords, insertPremiseWords, found)
}

// accountPersonRow is a person on an account on its way into the table.
type accountPersonRow struct {
	customer.AccountPerson
	source, external string
	position         int16
}

func putAccounts(batch *pgx.Batch, rows []customer.Account) {
	source := col(rows, func(a *customer.Account) string { return text(a.Source) })
	external := col(rows, func(a *customer.Account) string { return text(a.ExternalID) })
	version := col(rows, func(a *customer.Account) int64 { return a.Version })
	batch.Queue(accountVersions, source, external, version)
	batch.Queue(upsertAccounts,
		col(rows, func(a *customer.Account) int64 { return int64(a.ID) }), source, external,
		col(rows, func(a *customer.Account) string { return text(a.Division) }), version,
		col(rows, func(a *customer.Account) int64 { return a.Revision }),
		col(rows, func(a *customer.Account) string { return text(a.Premise) }),
		col(rows, func(a *customer.Account) string { return list(a.Owned) }),
		col(rows, func(a *customer.Account) string { return text(a.Detail()) }),
		col(rows, func(a *customer.Account) int64 { return micros(a.UpdatedAt) }),
		len(rows))
	batch.Queue(deleteAccountPersons, source, external)
	var on []accountPersonRow
	for _, a := range rows {
		for i, p := range a.Persons {
			on = append(on, accountPersonRow{p, a.Source, a.ExternalID, int16(i)})
		}
	}
	if len(on) > 0 {
		batch.Queue(insertAccountPersons,
			col(on, func(p *accountPersonRow) string { return text(p.source) }),
			col(on, func(p *accountPersonRow) string { return text(p.external) }),
			col(on, func(p *accountPersonRow) int16 { return p.position }),
			col(on, func(p *accountPersonRow) int64 { return int64(p.Person) }),
			col(on, func(p *accountPersonRow) string { return text(p.Detail()) }))
	}
}

func putAgreements(batch *pgx.Batch, rows []agreement.Agreement) {
	word := func(of func(a *agreement.Agreement) string) []string {
		return col(rows, func(a *agreement.Agreement) string { return text(of(a)) })
	}
	batch.Queue(upsertAgreements,
		col(rows, func(a *agreement.Agreement) int64 { return int64(a.ID) }),
		word(func(a *agreement.Agreement) string { return a.Source }),
		word(func(a *agreement.Agreement) string { return a.ExternalID }),
		word(func(a *agreement.Agreement) string { return a.Division }),
		col(rows, func(a *agreement.Agreement) int64 { return a.Version }),
		col(rows, func(a *agreement.Agreement) int64 { return int64(a.Account) }),
		word(func(a *agreement.Agreement) string { return a.Type }),
		word(func(a *agreement.Agreement) string { return a.Premise }),
		word(func(a *agreement.Agreement) string { return string(a.Status) }),
		word(func(a *agreement.Agreement) string { return a.Start }),
		word(func(a *agreement.Agreement) string { return a.End }),
		word(func(a *agreement.Agreement) string { return a.DepositClass }),
		word(func(a *agreement.Agreement) string { return a.Current }),
		word(func(a *agreement.Agreement) string { return a.Payoff }),
		word(func(a *agreement.Agreement) string { return a.Currency }),
		col(rows, func(a *agreement.Agreement) int64 { return micros(a.UpdatedAt) }),
		len(rows))
}

// touchesCustomers names what sets may change one after the other.
func touchesCustomers(w *store.Writes, is func(touch)) {
	ofCustomer := store.Of(w.Customer)
	for i := range ofCustomer.Persons {
		is(touch{what: 'p', a: ofCustomer.Persons[i].Source, b: ofCustomer.Persons[i].ExternalID})
		for _, id := range ofCustomer.Persons[i].Identifiers {
			is(touch{what: 'x', a: id.Type, b: id.Value.Key()})
		}
	}
	for i := range ofCustomer.Sightings {
		is(touch{what: 'w', n: int64(ofCustomer.Sightings[i].Person)})
	}
	for i := range ofCustomer.Accounts {
		is(touch{what: 'A', a: ofCustomer.Accounts[i].Source, b: ofCustomer.Accounts[i].ExternalID})
	}
	for i := range ofCustomer.Premises {
		is(touch{what: 'P', a: ofCustomer.Premises[i].Source, b: ofCustomer.Premises[i].ExternalID})
	}
	for i := range ofCustomer.Agreements {
		is(touch{what: 'S', a: ofCustomer.Agreements[i].Source, b: ofCustomer.Agreements[i].ExternalID})
	}
}
