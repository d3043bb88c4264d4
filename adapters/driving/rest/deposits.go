package rest

import (
	"context"
	"strings"

	"carillon/adapters/driving/api/contract"
	"carillon/core/access"
	"carillon/core/agreement"
	"carillon/core/customer"
	"carillon/core/fault"
)

func (s *server) depositOperations() []operation {
	return []operation{
		op("listDepositReviews", s.listDepositReviews),
	}
}

// DepositReviews shows what deposit review found.
type DepositReviews interface {
	// Reviews returns reviews behind an account and class; next is nil at the end.
	Reviews(ctx context.Context, p access.Principal, account customer.AccountID, class string, limit int) (seen []agreement.Review, next *agreement.Review, err error)
}

// DepositReviewList is a page of deposit reviews.
type DepositReviewList struct {
	Reviews []DepositReview `json:"reviews"`
	Next    string          `json:"next,omitzero"`
}

// DepositReview is the last review of an account under a deposit class.
type DepositReview struct {
	Account      string          `json:"account"`
	DepositClass string          `json:"depositClass"`
	Source       string          `json:"source"`
	ExternalID   string          `json:"externalId"`
	Division     string          `json:"division"`
	BusinessDate string          `json:"businessDate"`
	Outcome      string          `json:"outcome"`
	Recommended  string          `json:"recommended,omitzero"`
	Held         string          `json:"held,omitzero"`
	Tolerance    int             `json:"tolerance"`
	Currency     string          `json:"currency,omitzero"`
	Reason       string          `json:"reason,omitzero"`
	Run          int64           `json:"run"`
	ReviewedAt   contract.Moment `json:"reviewedAt"`
}

// listDepositReviews lists what deposit review found.
func (s *server) listDepositReviews(ctx context.Context, c call[nothing]) (answer[DepositReviewList], error) {
	account, class, err := reviewAt(c.Text("after"))
	if err != nil {
		return failed[DepositReviewList](err)
	}
	seen, next, err := s.DepositReviews.Reviews(ctx, c.caller, account, class, int(c.Integer("limit")))
	if err != nil {
		return failed[DepositReviewList](err)
	}
	out := DepositReviewList{Reviews: make([]DepositReview, 0, len(seen))}
	for _, r := range seen {
		out.Reviews = append(out.Reviews, DepositReview{
			Account: r.Account.String(), DepositClass: r.Class, Source: r.Source, ExternalID: r.External,
			Division: r.Division, BusinessDate: r.Date, Outcome: string(r.End), Recommended: r.Recommended, Held: r.Held, Tolerance: r.Tolerance,
			Currency: r.Currency, Reason: r.Reason, Run: r.Run, ReviewedAt: contract.Moment(r.At),
		})
	}
	if next != nil {
		out.Next = next.Account.String() + "_" + next.Class
	}
	return ok(out), nil
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
