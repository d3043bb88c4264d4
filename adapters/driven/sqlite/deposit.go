package sqlite

import (
	"context"
	"database/sql"

	"carillon/core/agreement"
	"carillon/core/customer"
	"carillon/core/store"
)

const putReview = `
insert into deposit_review (account, class, source, external_id, division, business_date, outcome, recommended, held, tolerance, currency,
    listed, reason, run, at)
values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
on conflict (account, class) do update set source = excluded.source, external_id = excluded.external_id, division = excluded.division,
    business_date = excluded.business_date, outcome = excluded.outcome, recommended = excluded.recommended, held = excluded.held,
    tolerance = excluded.tolerance, currency = excluded.currency, listed = excluded.listed, reason = excluded.reason,
    run = excluded.run, at = excluded.at`

// review puts the last review of an account under a class.
func (x *tx) review(ctx context.Context, r agreement.Review) error {
	_, err := x.exec(ctx, putReview, int64(r.Account), r.Class, r.Source, r.External, r.Division, r.Date, string(r.End), r.Recommended, r.Held,
		r.Tolerance, r.Currency, r.Listed, r.Reason, r.Run, micros(r.At))
	return err
}

const reviewColumns = `
select account, class, source, external_id, division, business_date, outcome, recommended, held, tolerance, currency, listed, reason, run, at
from deposit_review `

func reviews(ctx context.Context, q *sql.Tx, where string, args ...any) ([]agreement.Review, error) {
	rows, err := q.QueryContext(ctx, reviewColumns+where, args...)
	return collect(rows, err, func(row rowScanner, r *agreement.Review) error {
		return row.Scan(&r.Account, &r.Class, &r.Source, &r.External, &r.Division, &r.Date, &r.End, &r.Recommended, &r.Held, &r.Tolerance,
			&r.Currency, &r.Listed, &r.Reason, &r.Run, moment{&r.At})
	})
}

// SecuredAccounts implements [store.Deposits].
func (s *Store) SecuredAccounts(ctx context.Context, after, until customer.AccountID, limit int) (ids []customer.AccountID, err error) {
	err = s.read(ctx, "reading accounts that have service agreements", func(q *sql.Tx) error {
		rows, err := q.QueryContext(ctx, `select distinct account from agreement where account > ? and account <= ? order by account limit ?`,
			int64(after), int64(until), limit)
		ids, err = collect(rows, err, func(r rowScanner, id *customer.AccountID) error { return r.Scan(id) })
		return err
	})
	return ids, err
}

const securedQuantiles = `
select total, account from (
    select account, count(*) over () as total, row_number() over (order by account) as n
    from (select distinct account from agreement) d) x
where n * ?1 / total > (n - 1) * ?1 / total
order by n`

// SecuredQuantiles implements [store.Deposits].
func (s *Store) SecuredQuantiles(ctx context.Context, n int) (last []customer.AccountID, total int64, err error) {
	err = s.read(ctx, "parting accounts that have service agreements", func(q *sql.Tx) error {
		rows, err := q.QueryContext(ctx, securedQuantiles, max(n, 1))
		last, err = collect(rows, err, func(r rowScanner, id *customer.AccountID) error { return r.Scan(&total, id) })
		return err
	})
	return last, total, err
}

// ReviewsOf implements [store.Deposits].
func (s *Store) ReviewsOf(ctx context.Context, ids []customer.AccountID) (all []agreement.Review, err error) {
	err = s.read(ctx, "reading deposit reviews", func(q *sql.Tx) error {
		all = nil
		for _, id := range ids {
			of, err := reviews(ctx, q, `where account = ? order by class`, int64(id))
			if err != nil {
				return err
			}
			all = append(all, of...)
		}
		return nil
	})
	return all, err
}

// ListedReviews implements [store.Deposits].
func (s *Store) ListedReviews(ctx context.Context, account customer.AccountID, class string, limit int) (all []agreement.Review, err error) {
	err = s.read(ctx, "listing deposit reviews", func(q *sql.Tx) error {
		all, err = reviews(ctx, q, `where listed <> 0 and (account, class) > (?, ?) order by account, class limit ?`, int64(account), class, limit)
		return err
	})
	return all, err
}

var _ store.Deposits = (*Store)(nil)
