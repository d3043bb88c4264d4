package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"carillon/core/fault"
	"carillon/core/store"
)

// reserve takes a stretch of consecutive numbers.
const reserve = `update number set next = next + $2 where name = $1 returning next - $2`

// Numbers implements [store.Numbers]; fault.Invalid for a sequence it does not know.
func (s *Store) Numbers(ctx context.Context, sequence string, n int) (first int64, err error) {
	if n < 1 || sequence == ledgerNumbers {
		return 0, fault.New(fault.Invalid, "numbers are drawn from person, point or contact, one at least")
	}
	return s.reserve(ctx, sequence, int64(n))
}

func (s *Store) reserve(ctx context.Context, sequence string, n int64) (first int64, err error) {
	err = s.pool.QueryRow(ctx, reserve, sequence, n).Scan(&first)
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, fault.New(fault.Invalid, "there is no such sequence of numbers")
	}
	return first, classify("reserving numbers", err)
}

// ledgerNumbers is the sequence of ledger entries.
const ledgerNumbers = "ledger"

// ledgerBlock is how many ledger numbers a process reserves at once; what it leaves is a gap.
const ledgerBlock = 10_000

// blockAge is how long reserved numbers may be used: retention drops what is older than weeks by its numbers, so that
// nobody may come with old ones.
const blockAge = 24 * time.Hour

// block is a stretch of ledger numbers this process may use.
type block struct {
	next, end int64
	since     time.Time
}

// number gives the ledger entries of a call consecutive numbers, and its To Do entries theirs.
func (s *Store) number(ctx context.Context, jobs []*job) error {
	if err := s.numberToDos(ctx, jobs); err != nil {
		return err
	}
	var n int64
	for _, j := range jobs {
		n += int64(len(store.Of(j.writes.Ledger).Entries))
	}
	if n == 0 {
		return nil
	}
	first, err := s.stretch(ctx, &s.block, ledgerNumbers, ledgerBlock, n)
	if err != nil {
		return err
	}
	for _, j := range jobs {
		j.entries = first
		first += int64(len(store.Of(j.writes.Ledger).Entries))
	}
	return nil
}

// toDoNumbers is the sequence of To Do entries, and toDoBlock how many of them a process reserves at once.
const (
	toDoNumbers = "todo"
	toDoBlock   = 100
)

// numberToDos gives the To Do entries that have no number one.
func (s *Store) numberToDos(ctx context.Context, jobs []*job) error {
	var n int64
	for _, j := range jobs {
		n += unnumbered(j.writes)
	}
	if n == 0 {
		return nil
	}
	first, err := s.stretch(ctx, &s.todos, toDoNumbers, toDoBlock, n)
	if err != nil {
		return err
	}
	for _, j := range jobs {
		j.todos = first
		first += unnumbered(j.writes)
	}
	return nil
}

// unnumbered is how many To Do entries of a set have no number.
func unnumbered(w *store.Writes) (n int64) {
	for i := range store.Of(w.ToDo).ToDos {
		if store.Of(w.ToDo).ToDos[i].ID == 0 {
			n++
		}
	}
	return n
}

// stretch takes n numbers of a sequence that follow each other, from the block this process may use.
func (s *Store) stretch(ctx context.Context, from *block, sequence string, size, n int64) (first int64, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if from.end-from.next < n || time.Since(from.since) > blockAge {
		size = max(n, size)
		first, err = s.reserve(ctx, sequence, size)
		if err != nil {
			return 0, err
		}
		*from = block{next: first, end: first + size, since: time.Now()}
	}
	first = from.next
	from.next += n
	return first, nil
}
