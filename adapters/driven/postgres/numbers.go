package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"carillon/core/fault"
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

// number gives the ledger entries of a call consecutive numbers.
func (s *Store) number(ctx context.Context, jobs []*job) error {
	var n int64
	for _, j := range jobs {
		n += int64(len(j.writes.Entries))
	}
	if n == 0 {
		return nil
	}
	first, err := s.stretch(ctx, n)
	if err != nil {
		return err
	}
	for _, j := range jobs {
		j.entries = first
		first += int64(len(j.writes.Entries))
	}
	return nil
}

func (s *Store) stretch(ctx context.Context, n int64) (first int64, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.block.end-s.block.next < n || time.Since(s.block.since) > blockAge {
		size := max(n, ledgerBlock)
		first, err = s.reserve(ctx, ledgerNumbers, size)
		if err != nil {
			return 0, err
		}
		s.block = block{next: first, end: first + size, since: time.Now()}
	}
	first = s.block.next
	s.block.next += n
	return first, nil
}
