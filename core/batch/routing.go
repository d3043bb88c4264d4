package batch

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"carillon/core/config"
	"carillon/core/control"
	"carillon/core/fault"
	"carillon/core/ledger"
	"carillon/core/message"
	"carillon/core/plugin"
	"carillon/core/store"
	"carillon/core/todo"
)

// RoutingBatch is the batch control that routes To Do entries out.
const RoutingBatch = "F1-TDEER"

// RoutingFacts is what F1-TDEER reads.
type RoutingFacts interface {
	ToDoList(ctx context.Context, f todo.Filter, after todo.ID, limit int) ([]todo.Entry, error)
	ToDoCount(ctx context.Context, f todo.Filter) (int64, error)
}

// Mailer writes emails to users of the desk.
type Mailer interface {
	// Mail returns the write set of an email that tells a user of a To Do; fault.Invalid, fault.Misconfigured.
	Mail(ctx context.Context, now time.Time, e todo.Entry, to config.User, mail plugin.SendEmail) (store.Writes, error)
}

// Routing is F1-TDEER (process 3.3.2.3, step 2.7): it tells people outside of the To Do entries whose type has an algorithm
// on external_routing (C1-CREMAILTD, C1-ADJAREQEM, C1-CAPREMAIL). Each entry is routed once, because its emails and the mark
// that it was routed are one write set under the entry's revision.
//
// It is a batch and no part of opening an entry: entries are opened deep inside settlements and other batches, which must
// not wait for templates, nor fail over them.
type Routing struct {
	Facts RoutingFacts
	Rules func() todo.Rules
	Mails Mailer
}

// types are those whose entries go outside, in the order of their codes.
func (r Routing) types() []todo.Type { return slices.Sorted(slices.Values(r.Rules().RoutedTypes())) }

// Plan implements [Work]: what is to be routed goes in one thread.
func (r Routing) Plan(ctx context.Context, _ time.Time, _ control.Run) ([]control.Range, error) {
	var rows int64
	for _, kind := range r.types() {
		n, err := r.Facts.ToDoCount(ctx, todo.Filter{Type: kind, Unrouted: true})
		if err != nil {
			return nil, err
		}
		rows += n
	}
	if rows == 0 {
		return nil, nil
	}
	return []control.Range{{Until: "~", Rows: rows}}, nil
}

// Page implements [Work].
func (r Routing) Page(ctx context.Context, _ control.Run, after, until string, limit int) (page []todo.Entry, err error) {
	var last, number string
	if i := strings.LastIndexByte(after, '/'); i >= 0 {
		last, number = after[:i], after[i+1:]
	}
	for _, kind := range r.types() {
		var behind todo.ID
		switch {
		case string(kind) < last || until != "" && string(kind) > until:
			continue
		case string(kind) == last:
			if behind, err = todo.ParseID(number); err != nil {
				return nil, fault.Wrap(fault.Unknown, "reading the key of a To Do", err)
			}
		}
		entries, err := r.Facts.ToDoList(ctx, todo.Filter{Type: kind, Unrouted: true}, behind, limit-len(page))
		if err != nil {
			return nil, err
		}
		if page = append(page, entries...); len(page) == limit {
			break
		}
	}
	return page, nil
}

// Key implements [Work].
func (Routing) Key(row todo.Entry) string { return string(row.Type) + "/" + row.ID.String() }

// Do implements [Work].
func (r Routing) Do(ctx context.Context, now time.Time, _ control.Run, rows []todo.Entry) ([]Result, error) {
	rules, out := r.Rules(), make([]Result, len(rows))
	for i, e := range rows {
		result, err := r.route(ctx, now, rules, e)
		if err != nil {
			return nil, err
		}
		out[i] = result
	}
	return out, nil
}

// route writes the emails of an entry and marks it. An email that cannot be written is an error of the row, and the entry
// goes on: it is work, whoever hears of it.
func (r Routing) route(ctx context.Context, now time.Time, rules todo.Rules, e todo.Entry) (Result, error) {
	var result Result
	var sent int
	var first message.ID
	for _, mail := range rules.Emails(e) {
		to, _ := rules.Config.User(mail.User)
		w, err := r.Mails.Mail(ctx, now, e, to, mail)
		switch {
		case fault.Passing(err):
			return Result{}, err
		case err != nil:
			result.Err = err
			continue
		}
		if sent++; sent == 1 {
			first = store.Of(w.Message).Messages[0].ID
		}
		result.Writes = result.Writes.And(w)
	}
	move, err := e.Route(first, todo.Act{At: now, By: RoutingBatch, Comment: "emails: " + strconv.Itoa(sent)})
	if err != nil { // it is complete or routed by now
		return Result{}, nil //nolint:nilerr // there is nothing left to do
	}
	return Result{Err: result.Err, Writes: result.Writes.And(store.Writes{
		ToDo: &store.ToDoWrites{ToDoMoves: []todo.Move{move}},
		Ledger: &store.LedgerWrites{Entries: []ledger.Entry{{
			At: now, Kind: ledger.ToDoMoved, Source: e.Source, Division: e.Division, Contact: e.Contact, ToDo: e.ID.String(),
			Reason: string(todo.Routed), Code: string(e.Type), By: RoutingBatch,
		}}},
	})}, nil
}
