// Package identifiers hands out the numbers of everything that is kept: blocks of the store's sequences, and message
// ids of time and chance.
package identifiers

import (
	"context"
	"crypto/rand"
	"sync"
	"time"

	"carillon/cmd/internal/clock"
	"carillon/core/agreement"
	"carillon/core/contact"
	"carillon/core/customer"
	"carillon/core/message"
	"carillon/core/store"
	"carillon/core/todo"
)

// blockSize is how many numbers are reserved at once; what is left of a block when the program ends is a gap.
const blockSize = 2000

// block hands out numbers of one sequence.
type block struct {
	name string
	from store.Numbers

	mu         sync.Mutex
	next, last int64
	since      time.Time
}

// blockAge is how long reserved numbers are used: retention drops what is old by its numbers, so that nobody may come
// with old ones.
const blockAge = 24 * time.Hour

func (b *block) takeOne(ctx context.Context) (int64, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.next > b.last || b.next == 0 || clock.Now().Sub(b.since) > blockAge {
		first, err := b.from.Numbers(ctx, b.name, blockSize)
		if err != nil {
			return 0, err
		}
		b.next, b.last, b.since = first, first+blockSize-1, clock.Now()
	}
	n := b.next
	b.next++
	return n, nil
}

// takeAll takes n numbers that follow each other; what is left of the block before is a gap.
func (b *block) takeAll(ctx context.Context, n int64) (int64, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.next == 0 || b.last-b.next+1 < n {
		size := max(n, manyBlocks*blockSize)
		first, err := b.from.Numbers(ctx, b.name, int(size))
		if err != nil {
			return 0, err
		}
		b.next, b.last = first, first+size-1
	}
	first := b.next
	b.next += n
	return first, nil
}

// manyBlocks is how many blocks are reserved at once for contacts that come many at a time.
const manyBlocks = 20

// Identifiers hands them out: numbers in blocks from the store, message ids from time and chance.
type Identifiers struct {
	persons, points, contacts, many, todos, logs *block
	accounts, premises, agreements               *block
	from                                         store.Numbers
}

// New hands out numbers of a store.
func New(from store.Numbers) *Identifiers {
	return &Identifiers{
		persons:  &block{name: "person", from: from},
		points:   &block{name: "point", from: from},
		contacts: &block{name: "contact", from: from},
		many:     &block{name: "contact", from: from},
		todos:    &block{name: "todo", from: from},
		logs:     &block{name: "log", from: from},

		accounts:   &block{name: "account", from: from},
		premises:   &block{name: "premise", from: from},
		agreements: &block{name: "agreement", from: from},
		from:       from,
	}
}

// Contact is the next contact number.
func (i *Identifiers) Contact(ctx context.Context) (contact.ID, error) {
	n, err := i.contacts.takeOne(ctx)
	return contact.ID(n), err
}

// Contacts are the next n contact numbers that follow each other.
func (i *Identifiers) Contacts(ctx context.Context, n int) (contact.ID, error) {
	first, err := i.many.takeAll(ctx, int64(n))
	return contact.ID(first), err
}

// Person is the next person number.
func (i *Identifiers) Person(ctx context.Context) (customer.PersonID, error) {
	n, err := i.persons.takeOne(ctx)
	return customer.PersonID(n), err
}

// Point is the next contact point number.
func (i *Identifiers) Point(ctx context.Context) (customer.PointID, error) {
	n, err := i.points.takeOne(ctx)
	return customer.PointID(n), err
}

// ToDo is the next number of a To Do entry.
func (i *Identifiers) ToDo(ctx context.Context) (todo.ID, error) {
	n, err := i.todos.takeOne(ctx)
	return todo.ID(n), err
}

// Log is the next number of an entry in the log of a contact.
func (i *Identifiers) Log(ctx context.Context) (contact.LogID, error) {
	n, err := i.logs.takeOne(ctx)
	return contact.LogID(n), err
}

// Account is the next account number.
func (i *Identifiers) Account(ctx context.Context) (customer.AccountID, error) {
	n, err := i.accounts.takeOne(ctx)
	return customer.AccountID(n), err
}

// Premise is the next premise number.
func (i *Identifiers) Premise(ctx context.Context) (customer.PremiseID, error) {
	n, err := i.premises.takeOne(ctx)
	return customer.PremiseID(n), err
}

// Agreement is the next number of a service agreement.
func (i *Identifiers) Agreement(ctx context.Context) (agreement.ID, error) {
	n, err := i.agreements.takeOne(ctx)
	return agreement.ID(n), err
}

// Hold is the next number of a legal hold: they are few, so that each is drawn alone.
func (i *Identifiers) Hold(ctx context.Context) (int64, error) { return i.from.Numbers(ctx, "hold", 1) }

// ContactTask is the next number of a contact task: they are few, so that each is drawn alone.
func (i *Identifiers) ContactTask(ctx context.Context) (contact.TaskID, error) {
	n, err := i.from.Numbers(ctx, "contact_task", 1)
	return contact.TaskID(n), err
}

// Message is a new time-ordered message id.
func (i *Identifiers) Message(now time.Time) message.ID {
	var random [10]byte
	_, _ = rand.Read(random[:]) // never fails (crypto/rand)
	return message.NewID(now, random)
}

// RandomKey is 256 random bits.
func RandomKey() (b [32]byte) {
	_, _ = rand.Read(b[:]) // never fails (crypto/rand)
	return b
}
