package batch

import (
	"context"
	"errors"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"time"

	"carillon/core/access"
	"carillon/core/agreement"
	"carillon/core/config"
	"carillon/core/control"
	"carillon/core/customer"
	"carillon/core/fault"
	"carillon/core/occurrence"
	"carillon/core/plugin"
	"carillon/core/store"
)

// DepositBatch is the batch control of deposit review.
const DepositBatch = "DEPRVW"

// DepositClass restricts deposit review to one deposit class: a parameter of DEPRVW.
const DepositClass = "DEPOSIT-CLASS"

// ListMethod is the base review method: it shows the review, and bills nothing.
const ListMethod = "C1-CR-UP-DRR"

// The spots of a deposit class.
const (
	depositOwner = "deposit_class"
	eventGood    = "good_customer"
	eventAmount  = "recommended_amount"
	eventReview  = "review_method"
)

// DepositParameters are those of DEPRVW (process 3.4.1.1, step 2.2).
func DepositParameters() []plugin.Parameter {
	return []plugin.Parameter{{Name: DepositClass, Kind: plugin.Words, Tells: "Only this deposit class; empty: every one."}}
}

// DepositFacts is what DEPRVW reads.
type DepositFacts interface {
	SecuredAccounts(ctx context.Context, after, until customer.AccountID, limit int) ([]customer.AccountID, error)
	SecuredQuantiles(ctx context.Context, n int) (last []customer.AccountID, total int64, err error)
	ReviewsOf(ctx context.Context, ids []customer.AccountID) ([]agreement.Review, error)
	Accounts(ctx context.Context, ids []customer.AccountID) ([]customer.Account, error)
	AgreementsOfAccounts(ctx context.Context, ids []customer.AccountID) ([]agreement.Agreement, error)
}

// Occasions makes the contacts that hang on a system event.
type Occasions interface {
	// Occasion decides an event and returns its write set without applying it; fault.Invalid when a creator refuses.
	Occasion(ctx context.Context, now time.Time, p access.Principal, e occurrence.Event) (store.Writes, error)
}

// DepositAlgorithms are those of deposit classes, by their codes.
type DepositAlgorithms struct {
	Good      map[string]agreement.GoodCustomer
	Recommend map[string]agreement.Recommend
}

// Deposits is DEPRVW (process 3.4.1.1, step 2.2): it evaluates every account once under each deposit class
// that one of its service agreements refers to. A good customer needs nothing; of the others it compares what is held with
// what is recommended, and where it is less than the tolerance allows, the class's review methods act: the base one lists
// the review, a creator makes a contact. One business date is reviewed once.
type Deposits struct {
	Facts      DepositFacts
	Configs    Configs
	Algorithms DepositAlgorithms
	Occasions  Occasions
}

// Plan implements [Work].
func (d Deposits) Plan(ctx context.Context, _ time.Time, run control.Run) ([]control.Range, error) {
	if _, err := d.classes(run); err != nil {
		return nil, err
	}
	last, total, err := d.Facts.SecuredQuantiles(ctx, run.Threads)
	if err != nil {
		return nil, err
	}
	ranges, n := make([]control.Range, len(last)), int64(len(last))
	for i, id := range last {
		ranges[i] = control.Range{Until: d.Key(id), Rows: total*int64(i+1)/n - total*int64(i)/n}
	}
	return ranges, nil
}

// classes are those that are reviewed.
func (d Deposits) classes(run control.Run) ([]config.DepositClass, error) {
	all := d.Configs.Current().Document().DepositClasses
	code := run.Parameters[DepositClass]
	if code == "" {
		return all, nil
	}
	i := slices.IndexFunc(all, func(c config.DepositClass) bool { return c.Code == code })
	if i < 0 {
		return nil, fault.Refuse(fault.Violation{Field: "/parameters/" + DepositClass, Reason: "names no deposit class"})
	}
	return all[i : i+1], nil
}

// Key implements [Work].
func (Deposits) Key(row customer.AccountID) string { return row.String() }

// Page implements [Work].
func (d Deposits) Page(ctx context.Context, _ control.Run, after, until string, limit int) ([]customer.AccountID, error) {
	from, err := accountKey(after)
	if err != nil {
		return nil, err
	}
	to, err := accountKey(until)
	if err != nil {
		return nil, err
	}
	return d.Facts.SecuredAccounts(ctx, from, to, limit)
}

func accountKey(s string) (customer.AccountID, error) {
	if s == "" {
		return 0, nil
	}
	return customer.ParseAccountID(s)
}

// Do implements [Work].
func (d Deposits) Do(ctx context.Context, now time.Time, run control.Run, rows []customer.AccountID) ([]Result, error) {
	classes, err := d.classes(run)
	if err != nil {
		return nil, err
	}
	accounts, err := d.Facts.Accounts(ctx, rows)
	if err != nil {
		return nil, err
	}
	agreements, err := d.Facts.AgreementsOfAccounts(ctx, rows)
	if err != nil {
		return nil, err
	}
	before, err := d.Facts.ReviewsOf(ctx, rows)
	if err != nil {
		return nil, err
	}
	out := make([]Result, len(rows))
	for i, id := range rows {
		at := slices.IndexFunc(accounts, func(a customer.Account) bool { return a.ID == id })
		if at < 0 { // its account was never loaded: there is nobody to review
			out[i].Err = fault.New(fault.NotFound, "the account is not loaded")
			continue
		}
		for n, class := range classes {
			s := d.standing(id, class.Code, run.BusinessDate, agreements)
			if len(s.Secured)+len(s.Deposits) == 0 || reviewed(before, s) {
				continue
			}
			set, wrong, err := d.review(ctx, now, run, accounts[at], class, n, s)
			if err != nil {
				return nil, err
			}
			out[i].Writes, out[i].Err = out[i].Writes.And(set), errors.Join(out[i].Err, wrong)
		}
	}
	return out, nil
}

// reviewed reports whether the account was reviewed under the class on the business date.
func reviewed(before []agreement.Review, s agreement.Standing) bool {
	return slices.ContainsFunc(before, func(r agreement.Review) bool {
		return r.Account == s.Account && r.Class == s.Class && r.Date == s.Date && r.End != agreement.Unreviewed
	})
}

// standing parts the open service agreements of an account that refer to the class.
func (d Deposits) standing(id customer.AccountID, class, date string, all []agreement.Agreement) agreement.Standing {
	s := agreement.Standing{Account: id, Class: class, Date: date}
	for _, a := range all {
		t, _ := d.Configs.Current().SAType(a.Division, a.Type)
		of := a.DepositClass
		if of == "" {
			of = t.DepositClass
		}
		switch {
		case a.Account != id || of != class || !a.Status.Open() && a.Status != agreement.Reactivated:
		case t.SpecialRole == "cash_deposit":
			s.Deposits = append(s.Deposits, a)
		default:
			s.Secured = append(s.Secured, a)
		}
	}
	return s
}

// review reviews one account under one class; wrong is why it could not be, which is a row of the list as well.
func (d Deposits) review(ctx context.Context, now time.Time, run control.Run, a customer.Account, class config.DepositClass, place int, s agreement.Standing) (set store.Writes, wrong, err error) {
	r := agreement.Review{
		Account: a.ID, Class: class.Code, Source: a.Source, External: a.ExternalID, Division: a.Division, Date: run.BusinessDate,
		Tolerance: class.Tolerance, Run: run.Number, At: now,
	}
	set, wrong = d.evaluate(ctx, now, &r, class, place, s)
	if wrong != nil && fault.Passing(wrong) {
		return store.Writes{}, nil, wrong
	}
	if wrong != nil {
		r.End, r.Listed, r.Reason = agreement.Unreviewed, true, why(wrong)
	}
	store.In(&set.Customer).Reviews = append(store.Of(set.Customer).Reviews, r)
	return set, wrong, nil
}

// evaluate compares what is held with what is recommended and runs the review methods.
func (d Deposits) evaluate(ctx context.Context, now time.Time, r *agreement.Review, class config.DepositClass, place int, s agreement.Standing) (store.Writes, error) {
	cfg := d.Configs.Current()
	for _, p := range cfg.PlugsOf(depositOwner, class.Code, eventGood) {
		if good, known := d.Algorithms.Good[p.Code]; known && good(s, p.Parameters) {
			r.End = agreement.GoodStanding
			return store.Writes{}, nil
		}
	}
	held, err := s.Held()
	if err != nil {
		return store.Writes{}, err
	}
	if r.Currency, err = s.Currency(); err != nil {
		return store.Writes{}, err
	}
	recommended, err := d.recommended(cfg, class, s)
	if err != nil {
		return store.Writes{}, err
	}
	r.Held, r.Recommended, r.End = held.FloatString(2), recommended.FloatString(2), agreement.Enough
	if !agreement.Short(held, recommended, class.Tolerance) {
		return store.Writes{}, nil
	}
	r.End = agreement.TooLow
	return d.act(ctx, now, r, cfg, place)
}

// recommended is the class's own amount, as its algorithms change it, one after the other.
func (d Deposits) recommended(cfg *config.Snapshot, class config.DepositClass, s agreement.Standing) (*big.Rat, error) {
	amount, err := agreement.Money(class.Recommended)
	if err != nil {
		return nil, err
	}
	for _, p := range cfg.PlugsOf(depositOwner, class.Code, eventAmount) {
		if recommend, known := d.Algorithms.Recommend[p.Code]; known {
			amount = recommend(s, amount, p.Parameters)
		}
	}
	return amount, nil
}

// act runs the review methods: the base one lists the review; creators hang on the event that the deposit was reviewed, of
// which there is one of an account, class and business date.
func (d Deposits) act(ctx context.Context, now time.Time, r *agreement.Review, cfg *config.Snapshot, place int) (store.Writes, error) {
	creates := false
	for _, p := range cfg.PlugsOf(depositOwner, r.Class, eventReview) {
		if p.Code == ListMethod {
			r.Listed = true
		} else {
			creates = true
		}
	}
	if !creates {
		return store.Writes{}, nil
	}
	day, err := strconv.Atoi(strings.ReplaceAll(r.Date, "-", ""))
	if err != nil {
		return store.Writes{}, fault.New(fault.Invalid, "the business date is no date")
	}
	const placesOfDay = 100 // deposit classes of one account are told apart by their place in the configuration
	who := access.Principal{Name: DepositBatch, Source: r.Source, Divisions: []string{r.Division}, Roles: []access.Role{access.CIS}}
	return d.Occasions.Occasion(ctx, now, who, occurrence.Event{
		Kind: occurrence.KindDeposit, Division: r.Division, Object: r.External, Sequence: day*placesOfDay + place, Date: r.Date, Account: r.External,
		Detail: &occurrence.DepositReview{
			Class: r.Class, Recommended: occurrence.Amount(r.Recommended), Held: occurrence.Amount(r.Held), Currency: r.Currency,
		},
	})
}

// ReviewFacts is what the list of deposit reviews reads.
type ReviewFacts interface {
	ListedReviews(ctx context.Context, account customer.AccountID, class string, limit int) ([]agreement.Review, error)
}

// DepositReviews shows what deposit review lists.
type DepositReviews struct{ Facts ReviewFacts }

// Reviews returns reviews that are listed, by account and class, those of the principal's divisions; next is the last
// one looked at, nil at the end.
func (d DepositReviews) Reviews(ctx context.Context, p access.Principal, account customer.AccountID, class string, limit int) (seen []agreement.Review, next *agreement.Review, err error) {
	if !p.Has(access.CSR, access.Supervisor, access.Admin) {
		return nil, nil, fault.New(fault.Forbidden, "this key may not see deposit reviews")
	}
	page, err := d.Facts.ListedReviews(ctx, account, class, limit)
	if err != nil {
		return nil, nil, err
	}
	for _, r := range page {
		if p.Sees(r.Source, r.Division) {
			seen = append(seen, r)
		}
	}
	if len(page) == limit {
		next = &page[len(page)-1]
	}
	return seen, next, nil
}
