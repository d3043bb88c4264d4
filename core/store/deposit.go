package store

import (
	"context"

	"carillon/core/agreement"
	"carillon/core/customer"
)

// Deposits reads what deposit review works on, and what it found.
type Deposits interface {
	// SecuredAccounts returns accounts that have service agreements, by number: those after after, up to and with until.
	SecuredAccounts(ctx context.Context, after, until customer.AccountID, limit int) ([]customer.AccountID, error)
	// SecuredQuantiles parts the accounts that have service agreements into n stretches of the same size at most: the last
	// account of each, and how many there are.
	SecuredQuantiles(ctx context.Context, n int) (last []customer.AccountID, total int64, err error)
	// ReviewsOf returns the last reviews of accounts.
	ReviewsOf(ctx context.Context, ids []customer.AccountID) ([]agreement.Review, error)
	// ListedReviews returns reviews that are shown, by account and class, from those behind on.
	ListedReviews(ctx context.Context, account customer.AccountID, class string, limit int) ([]agreement.Review, error)
}
