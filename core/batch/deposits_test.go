package batch_test

import (
	"context"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"carillon/core/access"
	"carillon/core/agreement"
	"carillon/core/batch"
	"carillon/core/config"
	"carillon/core/control"
	"carillon/core/customer"
	"carillon/core/fault"
	"carillon/core/occurrence"
	"carillon/core/plugin"
	"carillon/core/store"
)

// bank is accounts with their service agreements, and what was reviewed of them.
type bank struct {
	*registry

	agreements []agreement.Agreement
	reviews    []agreement.Review
	raised     []occurrence.Event
	refuses    error // of every event
}

func (b *bank) Apply(ctx context.Context, sets ...store.Writes) ([]store.Verdict, error) {
	verdicts, err := b.registry.Apply(ctx, sets...)
	for i, v := range verdicts {
		if v.Outcome != store.Applied {
			continue
		}
		for _, r := range store.Of(sets[i].Customer).Reviews {
			b.reviews = slices.DeleteFunc(b.reviews, func(o agreement.Review) bool { return o.Account == r.Account && o.Class == r.Class })
			b.reviews = append(b.reviews, r)
		}
	}
	return verdicts, err
}

func (b *bank) ids() []customer.AccountID {
	var ids []customer.AccountID
	for _, a := range b.agreements {
		ids = append(ids, a.Account)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

func (b *bank) SecuredAccounts(_ context.Context, after, until customer.AccountID, limit int) ([]customer.AccountID, error) {
	ids := slices.DeleteFunc(b.ids(), func(id customer.AccountID) bool { return id <= after || id > until })
	return ids[:min(limit, len(ids))], nil
}

func (b *bank) SecuredQuantiles(context.Context, int) ([]customer.AccountID, int64, error) {
	ids := b.ids()
	return ids[len(ids)-1:], int64(len(ids)), nil
}

func (b *bank) ReviewsOf(context.Context, []customer.AccountID) ([]agreement.Review, error) {
	return b.reviews, nil
}

func (b *bank) Accounts(_ context.Context, ids []customer.AccountID) ([]customer.Account, error) {
	var all []customer.Account
	for _, id := range ids {
		all = append(all, customer.Account{ID: id, Source: "CIS", ExternalID: "ACCT-" + id.String(), Division: testDivision})
	}
	return all, nil
}

func (b *bank) AgreementsOfAccounts(context.Context, []customer.AccountID) ([]agreement.Agreement, error) {
	return b.agreements, nil
}

func (b *bank) Occasion(_ context.Context, _ time.Time, p access.Principal, e occurrence.Event) (store.Writes, error) {
	if b.refuses != nil {
		return store.Writes{}, b.refuses
	}
	b.raised = append(b.raised, e)
	return store.Writes{Ledger: &store.LedgerWrites{Cursors: []store.Cursor{{Name: p.Source + "/" + e.Object + "/" + e.Date + "/" + e.Detail.(*occurrence.DepositReview).Class}}}}, nil
}

const (
	oneAccount = customer.AccountID(1_000_000_001)
	reviewDay  = "2026-03-31"
)

// secured is a service of the class RES that owes so much; deposit is a cash deposit that holds so much.
func secured(account customer.AccountID, start, owes string) agreement.Agreement {
	return agreement.Agreement{Account: account, Division: testDivision, Type: "E-RES", Status: agreement.Active, Start: start, Current: owes, Payoff: owes, Currency: "USD"}
}

func deposit(account customer.AccountID, payoff string) agreement.Agreement {
	return agreement.Agreement{Account: account, Division: testDivision, Type: "DEP-I", Status: agreement.Active, Payoff: payoff, Currency: "USD"}
}

// review runs DEPRVW over the agreements and returns what it found.
func (b *bank) review(t *testing.T, class config.DepositClass, plugs []config.Plug, ask batch.Ask) control.View {
	t.Helper()
	doc := testConfig().Document()
	doc.DepositClasses = []config.DepositClass{class, {Code: "COM", Recommended: "500.00"}}
	doc.SATypes = []config.SAType{{Code: "E-RES", DepositClass: "RES"}, {Code: "DEP-I", SpecialRole: "cash_deposit", DepositClass: "RES"}, {Code: "E-COM", DepositClass: "COM"}}
	doc.Plugs = plugs
	cfg, err := config.Compile(2, doc)
	if err != nil {
		t.Fatal(err)
	}
	job := batch.Deposits{Facts: b, Configs: fixed{cfg}, Occasions: b, Algorithms: batch.DepositAlgorithms{
		Good: map[string]agreement.GoodCustomer{"GOOD": func(s agreement.Standing, p plugin.Parameters) bool { return s.Secured[0].Start < p["BEFORE"] }},
		Recommend: map[string]agreement.Recommend{"TWICE": func(_ agreement.Standing, n *big.Rat, _ plugin.Parameters) *big.Rat {
			return new(big.Rat).Add(n, n)
		}},
	}}
	o := &batch.Operator{Store: b, Facts: b, Configs: fixed{cfg}, Since: noon(), Book: batch.Book{{Code: batch.DepositBatch, Parameters: batch.DepositParameters(), Job: batch.Of(job)}}}
	if ask.BusinessDate == "" {
		ask.BusinessDate = reviewDay
	}
	v, err := o.Start(t.Context(), noon(), operator(), batch.DepositBatch, ask)
	if err != nil {
		t.Fatal(err)
	}
	hand := &batch.Worker{Floor: &batch.Floor{Store: b, Facts: b, Book: o.Book, Watch: b}, Name: "one"}
	for more := true; more; {
		if more, err = hand.Turn(t.Context(), noon()); err != nil {
			t.Fatal(err)
		}
	}
	v, err = b.BatchRun(t.Context(), batch.DepositBatch, v.Run.Number)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// both review methods: the list, and one that makes a contact.
func bothMethods() []config.Plug {
	return []config.Plug{
		{Owner: "deposit_class:RES", Event: "review_method", Sequence: 10, Code: batch.ListMethod},
		{Owner: "deposit_class:RES", Event: "review_method", Sequence: 20, Code: "C1-CreCustCn"},
	}
}

// TestDepositReview are the cases of process 3.4.1.1, step 2.2.
func TestDepositReview(t *testing.T) {
	t.Parallel()
	res := config.DepositClass{Code: "RES", Recommended: "150.00", Tolerance: 10}
	twice := config.Plug{Owner: "deposit_class:RES", Event: "recommended_amount", Sequence: 10, Code: "TWICE"}
	good := config.Plug{Owner: "deposit_class:RES", Event: "good_customer", Sequence: 10, Code: "GOOD", Parameters: plugin.Parameters{"BEFORE": "2020-01-01"}}
	for _, c := range []struct {
		says              string
		of                []agreement.Agreement
		plugs             []config.Plug
		end               agreement.ReviewEnd
		held, recommended string
		listed            bool
		raised            int
	}{
		{
			"with a tolerance of 10 percent, 90 percent of what is recommended is enough",
			[]agreement.Agreement{secured(oneAccount, "2025-01-01", "0"), deposit(oneAccount, "135.00")},
			bothMethods(), agreement.Enough, "135.00", "150.00", false, 0,
		},
		{
			"less than 90 percent is too low: it is listed, and the customer is written to",
			[]agreement.Agreement{secured(oneAccount, "2025-01-01", "0"), deposit(oneAccount, "134.99")},
			bothMethods(), agreement.TooLow, "134.99", "150.00", true, 1,
		},
		{"nothing held is too low", []agreement.Agreement{secured(oneAccount, "2025-01-01", "0")}, bothMethods(), agreement.TooLow, "0.00", "150.00", true, 1},
		{
			"deposits add up, by whichever sign their source books them",
			[]agreement.Agreement{secured(oneAccount, "2025-01-01", "0"), deposit(oneAccount, "-100.00"), deposit(oneAccount, "-50.00")},
			bothMethods(), agreement.Enough, "150.00", "150.00", false, 0,
		},
		{
			"an algorithm recommends more",
			[]agreement.Agreement{secured(oneAccount, "2025-01-01", "0"), deposit(oneAccount, "150.00")},
			append(bothMethods(), twice), agreement.TooLow, "150.00", "300.00", true, 1,
		},
		{"a good customer needs nothing", []agreement.Agreement{secured(oneAccount, "2019-12-31", "0")}, append(bothMethods(), good), agreement.GoodStanding, "", "", false, 0},
		{"who is no good customer does", []agreement.Agreement{secured(oneAccount, "2020-01-01", "0")}, append(bothMethods(), good), agreement.TooLow, "0.00", "150.00", true, 1},
		{"only the base method lists and writes to nobody", []agreement.Agreement{secured(oneAccount, "2025-01-01", "0")}, bothMethods()[:1], agreement.TooLow, "0.00", "150.00", true, 0},
		{"only a creator writes and lists nothing", []agreement.Agreement{secured(oneAccount, "2025-01-01", "0")}, bothMethods()[1:], agreement.TooLow, "0.00", "150.00", false, 1},
		{"unplugged, nothing acts", []agreement.Agreement{secured(oneAccount, "2025-01-01", "0")}, nil, agreement.TooLow, "0.00", "150.00", false, 0},
	} {
		t.Run(c.says, func(t *testing.T) {
			t.Parallel()
			b := &bank{registry: newRegistry(), agreements: c.of}
			v := b.review(t, res, c.plugs, batch.Ask{})
			if v.Run.State != control.Complete || len(b.reviews) != 1 || len(b.raised) != c.raised {
				t.Fatalf("%d events, reviews %+v, %+v", len(b.raised), b.reviews, v)
			}
			if r := b.reviews[0]; r.End != c.end || r.Held != c.held || r.Recommended != c.recommended || r.Listed != c.listed || r.Date != reviewDay {
				t.Errorf("%+v", r)
			}
			if c.raised > 0 {
				e := b.raised[0]
				if e.Kind != occurrence.KindDeposit || e.Object != "ACCT-1000000001" || e.Account != e.Object || e.Date != reviewDay {
					t.Errorf("%+v", e)
				}
			}
			b.review(t, res, c.plugs, batch.Ask{})
			if len(b.raised) != c.raised || len(b.reviews) != 1 {
				t.Errorf("the same business date again made %d events", len(b.raised)-c.raised)
			}
			b.review(t, res, c.plugs, batch.Ask{BusinessDate: "2026-04-30"})
			if len(b.raised) != 2*c.raised {
				t.Errorf("the next business date made %d events", len(b.raised)-c.raised)
			}
		})
	}
}

func TestDepositReviewRows(t *testing.T) {
	t.Parallel()
	res := config.DepositClass{Code: "RES", Recommended: "150.00", Tolerance: 10}
	t.Run("evaluates an account once under each class, and leaves what is stopped", func(t *testing.T) {
		t.Parallel()
		stopped := secured(oneAccount+1, "2025-01-01", "0")
		stopped.Status = agreement.Stopped
		shop := agreement.Agreement{Account: oneAccount, Division: testDivision, Type: "E-COM", Status: agreement.Active, Currency: "USD"}
		b := &bank{registry: newRegistry(), agreements: []agreement.Agreement{
			secured(oneAccount, "2025-01-01", "0"), secured(oneAccount, "2025-06-01", "0"), shop, stopped,
		}}
		b.review(t, res, bothMethods(), batch.Ask{})
		if len(b.reviews) != 2 || b.reviews[0].Account != oneAccount || b.reviews[1].Account != oneAccount {
			t.Errorf("%+v", b.reviews)
		}
	})
	t.Run("reviews one class where the run says so, and refuses one that is none", func(t *testing.T) {
		t.Parallel()
		shop := agreement.Agreement{Account: oneAccount, Division: testDivision, Type: "E-COM", Status: agreement.Active, Currency: "USD"}
		b := &bank{registry: newRegistry(), agreements: []agreement.Agreement{secured(oneAccount, "2025-01-01", "0"), shop}}
		b.review(t, res, nil, batch.Ask{Parameters: map[string]string{"DEPOSIT-CLASS": "COM"}})
		if len(b.reviews) != 1 || b.reviews[0].Class != "COM" {
			t.Errorf("%+v", b.reviews)
		}
		v := b.review(t, res, nil, batch.Ask{Parameters: map[string]string{"DEPOSIT-CLASS": "NONE"}})
		if v.Run.State != control.Failed || !strings.Contains(v.Run.Reason, "/parameters/DEPOSIT-CLASS names no deposit class") {
			t.Errorf("%+v", v.Run)
		}
	})
	t.Run("lists what could not be reviewed with its reason, goes on, and tries it again", func(t *testing.T) {
		t.Parallel()
		mixed := deposit(oneAccount, "10.00")
		mixed.Currency = "CAD"
		b := &bank{registry: newRegistry(), agreements: []agreement.Agreement{secured(oneAccount, "2025-01-01", "0"), mixed, secured(oneAccount+1, "2025-01-01", "0")}}
		v := b.review(t, res, bothMethods(), batch.Ask{})
		_, done, wrong := v.Sums()
		if v.Run.State != control.Complete || done != 1 || wrong != 1 || len(b.reviews) != 2 || b.reviews[0].End != agreement.Unreviewed || !b.reviews[0].Listed ||
			!strings.Contains(b.reviews[0].Reason, "several currencies") {
			t.Fatalf("%+v: %+v", v, b.reviews)
		}
		b.agreements[1].Currency = "USD"
		b.review(t, res, bothMethods(), batch.Ask{})
		if i := slices.IndexFunc(b.reviews, func(r agreement.Review) bool { return r.Account == oneAccount }); b.reviews[i].End != agreement.TooLow {
			t.Errorf("%+v", b.reviews)
		}
	})
	t.Run("notes what a creator refuses", func(t *testing.T) {
		t.Parallel()
		b := &bank{registry: newRegistry(), agreements: []agreement.Agreement{secured(oneAccount, "2025-01-01", "0")}, refuses: fault.Refuse(fault.Violation{Field: "/premise", Reason: "is not allowed"})}
		v := b.review(t, res, bothMethods(), batch.Ask{})
		if _, _, wrong := v.Sums(); wrong != 1 || b.reviews[0].End != agreement.Unreviewed || !strings.Contains(b.reviews[0].Reason, "/premise") {
			t.Errorf("%+v: %+v", v, b.reviews)
		}
	})
}
