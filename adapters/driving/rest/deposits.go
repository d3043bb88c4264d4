package rest

import (
	"context"
	"strings"

	"carillon/adapters/driving/rest/internal/api"
	"carillon/core/customer"
	"carillon/core/fault"
)

// ListDepositReviews lists what deposit review found.
func (s *server) ListDepositReviews(ctx context.Context, params api.ListDepositReviewsParams) (api.ListDepositReviewsRes, error) {
	account, class, err := reviewAt(params.After.Value)
	if err != nil {
		return nil, err
	}
	seen, next, err := s.DepositReviews.Reviews(ctx, caller(ctx), account, class, params.Limit.Value)
	if err != nil {
		return nil, err
	}
	out := &api.DepositReviewList{Reviews: make([]api.DepositReview, 0, len(seen))}
	for _, r := range seen {
		out.Reviews = append(out.Reviews, api.DepositReview{
			Account: r.Account.String(), DepositClass: r.Class, Source: r.Source, ExternalId: r.External, Division: r.Division, BusinessDate: r.Date,
			Outcome: api.DepositReviewOutcome(r.End), Recommended: text(r.Recommended), Held: text(r.Held), Tolerance: r.Tolerance,
			Currency: text(r.Currency), Reason: text(r.Reason), Run: r.Run, ReviewedAt: stamp(r.At),
		})
	}
	if next != nil {
		out.Next = text(next.Account.String() + "_" + next.Class)
	}
	return out, nil
}

// reviewAt reads where a list goes on.
func reviewAt(after string) (customer.AccountID, string, error) {
	if after == "" {
		return 0, "", nil
	}
	id, class, _ := strings.Cut(after, "_")
	account, err := customer.ParseAccountID(id)
	if err != nil {
		return 0, "", fault.Refuse(fault.Violation{Field: "query/after", Reason: "is what next said"})
	}
	return account, class, nil
}
