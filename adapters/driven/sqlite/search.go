package sqlite

import (
	"context"
	"database/sql"
	"strings"

	"carillon/core/customer"
	"carillon/core/store"
)

// query is a statement as it is put together.
type query struct {
	text strings.Builder
	args []any
}

func (q *query) add(text string, args ...any) {
	q.text.WriteString(text)
	q.args = append(q.args, args...)
}

const rarity = `
select count(*) from (select 1 from search_word where kind = ? and word >= ? and word < ? limit ?)`

// rarest chooses the word that drives a search, and returns the others.
func rarest(ctx context.Context, q *sql.Tx, words []store.SearchWord, after store.SearchPlace) (store.SearchWord, []store.SearchWord, error) {
	counts := make([]int64, len(words))
	for i, w := range words {
		if err := q.QueryRowContext(ctx, rarity, int64(w.Kind), w.From, w.Until, store.SearchBound).Scan(&counts[i]); err != nil {
			return store.SearchWord{}, nil, err
		}
	}
	driver, others := store.Driver(words, counts, after)
	return driver, others, nil
}

// byWord walks the word that drives the search; the others are asked of each.
func (q *query) byWord(driver store.SearchWord, after store.SearchPlace) {
	q.add(`select w.kind, w.word, w.id from search_word w
where w.kind = ? and w.word >= ? and w.word < ? and (w.word, w.id) > (?, ?)
and not exists (select 1 from search_word f where f.id = w.id and f.kind = w.kind and f.word >= ? and f.word < w.word)`,
		int64(driver.Kind), driver.From, driver.Until, after.Word, after.ID, driver.From)
}

func (q *query) others(words []store.SearchWord) {
	for _, w := range words {
		q.add(` and exists (select 1 from search_word o where o.id = w.id and o.kind = ? and o.word >= ? and o.word < ?)`, int64(w.Kind), w.From, w.Until)
	}
}

// seen keeps to what may be seen of a table.
func (q *query) seen(table string, scope store.SearchScope) {
	q.add(` and exists (select 1 from ` + table + ` p where p.id = w.id`)
	if scope.Source != "" {
		q.add(` and p.source = ?`, scope.Source)
	}
	if !scope.Every {
		in, args := among(scope.Divisions)
		q.add(` and (p.division in `+in, args...)
		for _, d := range scope.Divisions {
			if table == "person" {
				q.add(` or instr(',' || p.also || ',', ',' || ? || ',') > 0`, d)
			}
		}
		q.add(`)`)
	}
	q.add(`)`)
}

// knownOf is one part for each thing that is known of a person.
func knownOf(q store.PersonQuery) (parts []string, args []any) {
	if len(q.Points) > 0 {
		values := make([]string, len(q.Points))
		for i, p := range q.Points {
			values[i] = p.Reveal()
		}
		in, more := among(values)
		parts, args = append(parts, `(select person from point where value in `+in+`)`), append(args, more...)
	}
	if q.Identifier != "" {
		parts, args = append(parts, `(select person from identifier where key = ?)`), append(args, q.Identifier)
	}
	if len(q.Accounts) > 0 {
		in, more := among(numbersOf(q.Accounts))
		parts, args = append(parts, `(select person from account_person where account in `+in+`)`), append(args, more...)
	}
	if q.Known != "" {
		number, _ := customer.ParsePersonID(q.Known) // 0 is nobody's
		parts, args = append(parts, `(select id from person where external_id = ? union select ?)`), append(args, q.Known, int64(number))
	}
	return parts, args
}

// FindPersons implements [store.Search].
func (s *Store) FindPersons(ctx context.Context, q store.PersonQuery) (found []store.SearchPlace, err error) {
	words := q.Words()
	parts, args := knownOf(q)
	if len(words)+len(parts) == 0 {
		return nil, nil
	}
	err = s.read(ctx, "searching persons", func(t *sql.Tx) error {
		var b query
		order := ` order by w.word, w.id limit ?`
		if len(parts) == 0 {
			driver, others, err := rarest(ctx, t, words, q.After)
			if err != nil {
				return err
			}
			b.byWord(driver, q.After)
			words = others
		} else {
			b.add(`select 0, '', w.id from person w where w.id > ? and w.id in `+strings.Join(parts, ` and w.id in `), append([]any{q.After.ID}, args...)...)
			order = ` order by w.id limit ?`
		}
		b.others(words)
		b.seen("person", q.Scope)
		b.add(order, q.Limit)
		found, err = readAll(ctx, t, b.text.String(), b.args, scanPlace)
		return err
	})
	return found, err
}

// FindPremises implements [store.Search].
func (s *Store) FindPremises(ctx context.Context, q store.PremiseQuery) (found []store.SearchPlace, err error) {
	words := store.SearchWords(customer.PremiseWord, q.Places)
	if q.Grid != "" {
		words = append(words, store.SearchWord{Kind: customer.GridWord, From: q.Grid, Until: q.Grid + "\x01"})
	}
	if len(words) == 0 {
		return nil, nil
	}
	err = s.read(ctx, "searching premises", func(t *sql.Tx) error {
		driver, others, err := rarest(ctx, t, words, q.After)
		if err != nil {
			return err
		}
		var b query
		b.byWord(driver, q.After)
		b.others(others)
		b.seen("premise", q.Scope)
		b.add(` order by w.word, w.id limit ?`, q.Limit)
		found, err = readAll(ctx, t, b.text.String(), b.args, scanPlace)
		return err
	})
	return found, err
}

func scanPlace(r rowScanner, p *store.SearchPlace) error { return r.Scan(&p.Kind, &p.Word, &p.ID) }
