package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"carillon/core/customer"
	"carillon/core/store"
)

// A search is driven by the rarest thing that is known: it walks that along its index, in the order of the answer, and
// asks of each whether the rest is met. What is walked is bounded by the limit as soon as the rest is often met, and by
// the rarity of the driver when it is not.
const (
	// rarity counts how many have a word that begins so, up to the bound.
	rarity = `
select (select count(*) from (select 1 from search_word w where w.kind = q.kind and w.word >= q.low and w.word < q.high limit $4) x)
from unnest($1::smallint[], $2::text[], $3::text[]) with ordinality as q (kind, low, high, place) order by q.place`

	// driverOfWords: each once, by its first word that begins so. The cursor is no row comparison: the index would be walked
	// from it on, and not from where the words begin.
	driverOfWords = `
select w.kind, w.word, w.id from search_word w
where w.kind = $1 and w.word >= greatest($2::text collate "C", $4) and w.word < $3 and (w.word <> $4 or w.id > $5)
    and not exists (select 1 from search_word f where f.id = w.id and f.kind = w.kind and f.word >= $2 and f.word < w.word)
    and not exists (select 1 from unnest($6::smallint[], $7::text[], $8::text[]) as q (kind, low, high)
        where not exists (select 1 from search_word o where o.id = w.id and o.kind = q.kind and o.word >= q.low and o.word < q.high))`

	visiblePerson = `
    and exists (select 1 from person p where p.id = w.id
        and ($9::boolean or p.division = any ($10::text[]) or string_to_array(p.also, ',') && $10::text[])
        and ($11 = '' or p.source = $11)`
	pointsMet      = `exists (select 1 from point t where t.person = w.id and t.value = any ($12::text[]))`
	identifierMet  = `exists (select 1 from identifier t where t.person = w.id and t.key = $13)`
	accountsMet    = `exists (select 1 from account_person t where t.person = w.id and t.account = any ($14::bigint[]))`
	otherwiseKnown = `)
    and (cardinality($12::text[]) = 0 or ` + pointsMet + `)
    and ($13 = '' or ` + identifierMet + `)
    and (cardinality($14::bigint[]) = 0 or ` + accountsMet + `)
    and ($15 = '' or exists (select 1 from person t where t.id = w.id and (t.external_id = $15 or t.id = $16::bigint)))`

	personsByWord = driverOfWords + visiblePerson + otherwiseKnown + `
order by w.word, w.id limit $17`

	// Who is found by something that only few have: all of it is read.
	driverOfFew = `
select 0::smallint, '', w.id from (
    select t.person as id from point t where t.value = any ($12::text[])
    union select t.person from identifier t where $13 <> '' and t.key = $13
    union select t.person from account_person t where t.account = any ($14::bigint[])
    union select t.id from person t where $15 <> '' and t.external_id = $15
    union select t.id from person t where t.id = $16) w
where $1::smallint = 0 and $2::text = '' and $3::text = '' and w.id > $5 and $4::text = ''
    and not exists (select 1 from unnest($6::smallint[], $7::text[], $8::text[]) as q (kind, low, high)
        where not exists (select 1 from search_word o where o.id = w.id and o.kind = q.kind and o.word >= q.low and o.word < q.high))`
	personsByFew = driverOfFew + visiblePerson + otherwiseKnown + `
order by w.id limit $17`

	premisesByWord = driverOfWords + `
    and exists (select 1 from premise p where p.id = w.id and ($9::boolean or p.division = any ($10::text[])) and ($11 = '' or p.source = $11))
order by w.word, w.id limit $12`
)

// FindPersons implements [store.Search].
func (s *Store) FindPersons(ctx context.Context, q store.PersonQuery) ([]store.SearchPlace, error) {
	words := q.Words()
	few := len(q.Points) > 0 || q.Identifier != "" || q.Known != "" || len(q.Accounts) > 0
	if len(words) == 0 && !few {
		return nil, nil
	}
	statement, driver := personsByFew, store.SearchWord{}
	if !few {
		var err error
		if driver, words, err = s.rarest(ctx, words, q.After); err != nil {
			return nil, err
		}
		statement = personsByWord
	}
	number, _ := customer.ParsePersonID(q.Known) // 0 is nobody's
	args := append(searchArgs(driver, words, q.After, q.Scope), col(q.Points, func(a *customer.Address) string { return address(*a) }),
		text(q.Identifier), numbersOf(q.Accounts), text(q.Known), int64(number), q.Limit)
	return all(ctx, s, "searching persons", placeOf, statement, args...)
}

// FindPremises implements [store.Search].
func (s *Store) FindPremises(ctx context.Context, q store.PremiseQuery) ([]store.SearchPlace, error) {
	words := store.SearchWords(customer.PremiseWord, q.Places)
	if q.Grid != "" {
		words = append(words, store.SearchWord{Kind: customer.GridWord, From: q.Grid, Until: q.Grid + "\x01"})
	}
	if len(words) == 0 {
		return nil, nil
	}
	driver, words, err := s.rarest(ctx, words, q.After)
	if err != nil {
		return nil, err
	}
	return all(ctx, s, "searching premises", placeOf, premisesByWord, append(searchArgs(driver, words, q.After, q.Scope), q.Limit)...)
}

// rarest chooses the word that drives a search, and returns the others.
func (s *Store) rarest(ctx context.Context, words []store.SearchWord, after store.SearchPlace) (store.SearchWord, []store.SearchWord, error) {
	if len(words) == 1 {
		return words[0], nil, nil
	}
	kinds, low, high := columnsOf(words)
	counts, err := all(ctx, s, "weighing the words of a search", numberOf[int64], rarity, kinds, low, high, store.SearchBound)
	if err != nil {
		return store.SearchWord{}, nil, err
	}
	driver, others := store.Driver(words, counts, after)
	return driver, others, nil
}

func columnsOf(words []store.SearchWord) (kinds []int16, low, high []string) {
	return col(words, func(w *store.SearchWord) int16 { return int16(w.Kind) }),
		col(words, func(w *store.SearchWord) string { return text(w.From) }),
		col(words, func(w *store.SearchWord) string { return text(w.Until) })
}

func searchArgs(driver store.SearchWord, others []store.SearchWord, after store.SearchPlace, scope store.SearchScope) []any {
	kinds, low, high := columnsOf(others)
	return []any{
		int16(driver.Kind), text(driver.From), text(driver.Until), text(after.Word), after.ID, kinds, low, high,
		scope.Every, texts(scope.Divisions), text(scope.Source),
	}
}

func placeOf(row pgx.CollectableRow) (p store.SearchPlace, err error) {
	err = row.Scan((*int16)(&p.Kind), &p.Word, &p.ID)
	return p, err
}

var _ store.Search = (*Store)(nil)
