package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"carillon/core/agreement"
	"carillon/core/customer"
	"carillon/core/store"
)

// Deposit review: what it works on, and what it found.
const (
	securedAccounts = `select distinct account from agreement where account > $1 and account <= $2 order by account limit $3`

	// securedQuantiles numbers the accounts and takes the last of each stretch.
	securedQuantiles = `
select total, account from (
    select account, count(*) over () as total, row_number() over (order by account) as n
    from (select distinct account from agreement) d) x
where n * $1 / total > (n - 1) * $1 / total
order by n`

	reviewColumns = `
select account, class, source, external_id, division, business_date, outcome, recommended, held, tolerance, currency, listed, reason, run, at
from deposit_review `
	reviewsOf     = reviewColumns + `where account = any($1::bigint[]) order by account, class`
	listedReviews = reviewColumns + `where listed and (account, class) > ($1, $2) order by account, class limit $3`

	putReviews = `
insert into deposit_review (account, class, source, external_id, division, business_date, outcome, recommended, held, tolerance, currency,
    listed, reason, run, at)
select * from unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
    $10::smallint[], $11::text[], $12::boolean[], $13::text[], $14::bigint[], $15::bigint[])
on conflict (account, class) do update set source = excluded.source, external_id = excluded.external_id, division = excluded.division,
    business_date = excluded.business_date, outcome = excluded.outcome, recommended = excluded.recommended, held = excluded.held,
    tolerance = excluded.tolerance, currency = excluded.currency, listed = excluded.listed, reason = excluded.reason,
    run = excluded.run, at = excluded.at`
)

// SecuredAccounts implements [store.Deposits].
func (s *Store) SecuredAccounts(ctx context.Context, after, until customer.AccountID, limit int) ([]customer.AccountID, error) {
	return all(ctx, s, "reading accounts that have service agreements", func(row pgx.CollectableRow) (id customer.AccountID, err error) {
		err = row.Scan((*int64)(&id))
		return id, err
	}, securedAccounts, int64(after), int64(until), limit)
}

// SecuredQuantiles implements [store.Deposits].
func (s *Store) SecuredQuantiles(ctx context.Context, n int) (last []customer.AccountID, total int64, err error) {
	last, err = tally(ctx, s, "parting accounts that have service agreements", func(row pgx.CollectableRow) (id customer.AccountID, err error) {
		err = row.Scan(&total, (*int64)(&id))
		return id, err
	}, securedQuantiles, max(n, 1))
	return last, total, err
}

func reviewOf(row pgx.CollectableRow) (r agreement.Review, err error) {
	var tolerance int16
	var at int64
	err = row.Scan((*int64)(&r.Account), &r.Class, &r.Source, &r.External, &r.Division, &r.Date, (*string)(&r.End), &r.Recommended, &r.Held,
		&tolerance, &r.Currency, &r.Listed, &r.Reason, &r.Run, &at)
	r.Tolerance, r.At = int(tolerance), timeOf(at)
	return r, err
}

// ReviewsOf implements [store.Deposits].
func (s *Store) ReviewsOf(ctx context.Context, ids []customer.AccountID) ([]agreement.Review, error) {
	return all(ctx, s, "reading deposit reviews", reviewOf, reviewsOf, numbersOf(ids))
}

// ListedReviews implements [store.Deposits].
func (s *Store) ListedReviews(ctx context.Context, account customer.AccountID, class string, limit int) ([]agreement.Review, error) {
	return all(ctx, s, "listing deposit reviews", reviewOf, listedReviews, int64(account), text(class), limit)
}

func queueReviews(batch *pgx.Batch, jobs []*job) {
	rows := flat(jobs, func(w *store.Writes) []agreement.Review { return store.Of(w.Customer).Reviews })
	if len(rows) == 0 {
		return
	}
	batch.Queue(putReviews,
		col(rows, func(r *agreement.Review) int64 { return int64(r.Account) }),
		col(rows, func(r *agreement.Review) string { return text(r.Class) }),
		col(rows, func(r *agreement.Review) string { return text(r.Source) }),
		col(rows, func(r *agreement.Review) string { return text(r.External) }),
		col(rows, func(r *agreement.Review) string { return text(r.Division) }),
		col(rows, func(r *agreement.Review) string { return text(r.Date) }),
		col(rows, func(r *agreement.Review) string { return string(r.End) }),
		col(rows, func(r *agreement.Review) string { return text(r.Recommended) }),
		col(rows, func(r *agreement.Review) string { return text(r.Held) }),
		col(rows, func(r *agreement.Review) int { return r.Tolerance }),
		col(rows, func(r *agreement.Review) string { return text(r.Currency) }),
		col(rows, func(r *agreement.Review) bool { return r.Listed }),
		col(rows, func(r *agreement.Review) string { return text(r.Reason) }),
		col(rows, func(r *agreement.Review) int64 { return r.Run }),
		col(rows, func(r *agreement.Review) int64 { return micros(r.At) }))
}

func touchesReviews(w *store.Writes, is func(touch)) {
	for i := range store.Of(w.Customer).Reviews {
		is(touch{what: 'D', n: int64(store.Of(w.Customer).Reviews[i].Account), a: store.Of(w.Customer).Reviews[i].Class})
	}
}

var _ store.Deposits = (*Store)(nil)
