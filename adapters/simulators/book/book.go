package book

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// Book is the records of one simulator: the newest in memory and, when it has a folder, all of them in
// <name>.ndjson, appended one write per record.
type Book struct {
	name  string
	clock func() time.Time
	keep  int

	mu      sync.Mutex
	file    *os.File
	records []*Record // a ring once it is full
	oldest  int
	seq     int64
	unsaved int64
	counts  map[string]int64
	changed chan struct{}
}

// Open opens the book of a simulator. It keeps the newest records in memory; with an empty dir it writes no file.
func Open(name, dir string, keep int, clock func() time.Time) (*Book, error) {
	b := &Book{name: name, clock: clock, keep: keep, counts: map[string]int64{}, changed: make(chan struct{})}
	if dir == "" {
		return b, nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("making the folder of records: %w", err)
	}
	file, err := os.OpenFile(filepath.Join(dir, name+".ndjson"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("opening the records of %s: %w", name, err)
	}
	b.file = file
	return b, nil
}

// Write adds a record; the book sets its number, its simulator and, when it has none, its time.
func (b *Book) Write(r Record) {
	if r.At.IsZero() {
		r.At = b.clock()
	}
	r.At = r.At.UTC()
	r.Simulator = b.name
	b.mu.Lock()
	defer b.mu.Unlock()
	b.seq++
	r.Seq = b.seq
	b.counts[r.Op+"."+r.Outcome]++
	b.save(&r)
	switch {
	case len(b.records) < b.keep:
		b.records = append(b.records, &r)
	case b.keep > 0:
		b.records[b.oldest] = &r
		b.oldest = (b.oldest + 1) % len(b.records)
	}
	close(b.changed)
	b.changed = make(chan struct{})
}

// save appends to the file; a record that could not be written is counted and shown in the state.
func (b *Book) save(r *Record) {
	if b.file == nil {
		return
	}
	line, err := json.Marshal(r)
	if err == nil {
		_, err = b.file.Write(append(line, '\n'))
	}
	if err != nil {
		b.unsaved++
	}
}

// Records returns the records in memory that come after the given number, oldest first, and a channel that is
// closed when there is another one. They are shared: do not change them.
func (b *Book) Records(after int64) ([]*Record, <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	list := make([]*Record, 0, len(b.records))
	for i := range b.records {
		if r := b.records[(b.oldest+i)%len(b.records)]; r.Seq > after {
			list = append(list, r)
		}
	}
	return list, b.changed
}

// Wait returns the first record in memory that fits, and waits for one until the context ends.
func (b *Book) Wait(ctx context.Context, fits func(*Record) bool) (*Record, error) {
	var after int64
	for {
		list, changed := b.Records(after)
		for _, r := range list {
			if fits(r) {
				return r, nil
			}
			after = r.Seq
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, fmt.Errorf("waiting for a record of %s: %w", b.name, ctx.Err())
		}
	}
}

// Clear empties the memory and the counts. The numbers go on and the file stays as it is.
func (b *Book) Clear() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.records, b.oldest = nil, 0
	b.counts = map[string]int64{}
}

// State is a book as the control listener shows it.
type State struct {
	// Last is the number of the newest record.
	Last int64 `json:"last"`
	// Kept is how many are in memory.
	Kept int `json:"kept"`
	// Unsaved counts the records that could not be appended to the file.
	Unsaved int64 `json:"unsaved,omitempty"`
	// Counts counts records by "op.outcome" since the book was last cleared.
	Counts map[string]int64 `json:"counts"`
}

// State returns the counts of the book.
func (b *Book) State() State {
	b.mu.Lock()
	defer b.mu.Unlock()
	return State{Last: b.seq, Kept: len(b.records), Unsaved: b.unsaved, Counts: maps.Clone(b.counts)}
}

// Close closes the file. Records written afterwards stay in memory.
func (b *Book) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.file == nil {
		return nil
	}
	err := errors.Join(b.file.Sync(), b.file.Close())
	b.file = nil
	return err
}
