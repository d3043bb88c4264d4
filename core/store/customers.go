package store

import (
	"context"
	"slices"

	"carillon/core/agreement"
	"carillon/core/customer"
)

// How customers are written: a person, account or premise is known by (source, external id) and written whole. Its
// Revision is 1 for a new one and one more than the stored one for a change: the set is a Conflict "revision" otherwise,
// and a Conflict "version" when its Version is lower than the stored one. A written person keeps the number it has; a
// point whose value is unchanged keeps its number and its mark, which only marks change; points that are not written go.
// A unique identifier that another person has is a Conflict "identifier". Who owns what the core decides.

// Customers reads persons.
type Customers interface {
	// Person returns the person with its points; fault.NotFound.
	Person(ctx context.Context, id customer.PersonID) (customer.Person, error)
	// PersonByExternal returns the person a source knows by the external id; fault.NotFound.
	PersonByExternal(ctx context.Context, source, externalID string) (customer.Person, error)
	// HoldersOf returns who has the identifier, by its key ([customer.IdentifierValue.Key]).
	HoldersOf(ctx context.Context, kind, key string) ([]customer.PersonID, error)
}

// Accounts reads accounts with their persons. What is not there is left out of lists; their order is by number.
type Accounts interface {
	// Account returns the account; fault.NotFound.
	Account(ctx context.Context, id customer.AccountID) (customer.Account, error)
	// AccountByExternal returns the account a source knows by the external id; fault.NotFound.
	AccountByExternal(ctx context.Context, source, externalID string) (customer.Account, error)
	// Accounts returns accounts.
	Accounts(ctx context.Context, ids []customer.AccountID) ([]customer.Account, error)
	// AccountsAfter returns accounts after the number, for who walks all of them.
	AccountsAfter(ctx context.Context, after customer.AccountID, limit int) ([]customer.Account, error)
	// AccountsWhere returns accounts that a person is on, or that a premise is the mailing premise of, or that a source
	// knows by external ids.
	AccountsWhere(ctx context.Context, q AccountQuery) ([]customer.Account, error)
}

// AccountQuery says which accounts: exactly one of its ways.
type AccountQuery struct {
	Persons     []customer.PersonID // they are on it
	Source      string              // with Premise or ExternalIDs; empty: any, with ExternalIDs
	Premise     string              // the mailing premise, as the source names it
	ExternalIDs []string
	Limit       int // 0: no bound
}

// Premises reads premises, by number.
type Premises interface {
	// Premise returns the premise; fault.NotFound.
	Premise(ctx context.Context, id customer.PremiseID) (customer.Premise, error)
	// Premises returns premises; what is not there is left out.
	Premises(ctx context.Context, ids []customer.PremiseID) ([]customer.Premise, error)
	// PremisesByExternal returns premises that a source, or any when it is empty, knows by the external ids.
	PremisesByExternal(ctx context.Context, source string, externalIDs []string) ([]customer.Premise, error)
}

// Agreements reads service agreements, by number.
type Agreements interface {
	// AgreementsOfAccounts returns the service agreements of accounts.
	AgreementsOfAccounts(ctx context.Context, ids []customer.AccountID) ([]agreement.Agreement, error)
	// AgreementsByExternal returns the service agreements that a source knows by the external ids.
	AgreementsByExternal(ctx context.Context, source string, externalIDs []string) ([]agreement.Agreement, error)
}

// Search finds persons and premises by what is known of them.
type Search interface {
	// FindPersons returns who meets all of the query, in the order of the word that drives it: whole words before longer
	// ones. It reads a bounded number of rows ([SearchBound]).
	FindPersons(ctx context.Context, q PersonQuery) ([]SearchPlace, error)
	// FindPremises returns the premises that meet all of the query, as FindPersons.
	FindPremises(ctx context.Context, q PremiseQuery) ([]SearchPlace, error)
}

// SearchBound is how many rows of an index a search weighs to choose the word that drives it.
const SearchBound = 1000

// SearchScope is what a principal may see.
type SearchScope struct {
	Every     bool     // every division
	Divisions []string // otherwise
	Source    string   // only of this source; empty: of every source
}

// SearchPlace is where a hit stands in the order of a search, and the cursor behind it.
type SearchPlace struct {
	Kind customer.WordKind // of the word that drives the search; 0 when something else does
	Word string            // the word of the hit that was found
	ID   int64             // of the person or premise
}

// PersonQuery is what is known of a person. Words are beginnings of search words; every one must be met.
type PersonQuery struct {
	Names      []string
	Places     []string
	Points     []customer.Address // any of them
	Emails     []string           // keys of email addresses ([customer.EmailKey])
	Identifier string             // a key
	Known      string             // the number, or the name that a source has for it
	Accounts   []customer.AccountID
	Scope      SearchScope
	After      SearchPlace
	Limit      int
}

// PremiseQuery is what is known of a premise.
type PremiseQuery struct {
	Places []string
	Grid   string // a geographic value ([customer.GeographicKey])
	Scope  SearchScope
	After  SearchPlace
	Limit  int
}

// SearchWord is one word of a query: a kind and the beginning of a word. It ends before Until.
type SearchWord struct {
	Kind        customer.WordKind
	From, Until string
}

// Drives reports whether the word drove the search that the place was found by.
func (w SearchWord) Drives(p SearchPlace) bool {
	return w.Kind == p.Kind && w.From <= p.Word && p.Word < w.Until
}

// Words are the words of the query.
func (q PersonQuery) Words() []SearchWord {
	return slices.Concat(
		SearchWords(customer.NameWord, q.Names), SearchWords(customer.MailWord, q.Places), SearchWords(customer.EmailWord, q.Emails))
}

// Driver chooses the word that drives a search, and returns the others: the one that drove it so far, else the rarest;
// of equals the longest, so that every page of a search is driven by the same. There is one word at least.
func Driver(words []SearchWord, counts []int64, after SearchPlace) (SearchWord, []SearchWord) {
	best := 0
	for i, w := range words {
		b := words[best]
		switch {
		case w.Drives(after) != b.Drives(after):
			if w.Drives(after) {
				best = i
			}
		case counts[i] < counts[best], counts[i] == counts[best] && len(w.From) > len(b.From):
			best = i
		}
	}
	return words[best], slices.Delete(slices.Clone(words), best, best+1)
}

// SearchWords are the words of a query by kind.
func SearchWords(kind customer.WordKind, starts []string) []SearchWord {
	const last = "\U0010FFFF" // no word holds it
	words := make([]SearchWord, len(starts))
	for i, s := range starts {
		words[i] = SearchWord{Kind: kind, From: s, Until: s + last}
	}
	return words
}

// CustomerWrites is what a decision changes of customers, their accounts, premises and service agreements. Empty fields change nothing.
type CustomerWrites struct {
	Persons    []customer.Person     // by (source, external id), under Revision-1, 1 for a new one: see [Customers]
	Accounts   []customer.Account    // after Persons, in the same way
	Premises   []customer.Premise    // in the same way
	Agreements []agreement.Agreement // after Accounts; upsert by (source, external id); a lower Version than stored is a Conflict "version"
	Sightings  []customer.Sighting   // put, after Persons; a person that is not there is passed over
	Marks      []PointMark
	Reviews    []agreement.Review // put, by account and class
}

func (to *CustomerWrites) and(from *CustomerWrites) {
	to.Persons = slices.Concat(to.Persons, from.Persons)
	to.Accounts = slices.Concat(to.Accounts, from.Accounts)
	to.Premises = slices.Concat(to.Premises, from.Premises)
	to.Agreements = slices.Concat(to.Agreements, from.Agreements)
	to.Sightings = slices.Concat(to.Sightings, from.Sightings)
	to.Marks = slices.Concat(to.Marks, from.Marks)
	to.Reviews = slices.Concat(to.Reviews, from.Reviews)
}
