package store

import (
	"time"

	"carillon/core/ledger"
	"carillon/core/message"
	"carillon/core/todo"
)

// Tell turns a move of a message into the rows that record it: the evidence, the counters, the deadlines that end
// or begin, the provider's reference, and the ledger entry. What becomes of the due row is the caller's to say
// ([Settle], [Requeue] or [Undue]), because only it knows who holds it.
func Tell(m message.Message, move message.Move) Writes {
	w := Writes{Message: &MessageWrites{Counts: move.Deltas(m)}}
	if move.Evidence == nil {
		return w
	}
	e := *move.Evidence
	e.Message = m.ID
	In(&w.Message).Evidence = []message.Evidence{e}
	if dead, is := m.Dead(move); is {
		In(&w.Message).Dead = []message.DeadLetter{dead}
	} else if move.Moved() && move.From.Place.Dead() {
		In(&w.Message).Undead = []message.ID{m.ID}
	}
	In(&w.ToDo).ToDos, In(&w.ToDo).Done = todo.Follow(m, move)
	if move.To.Work != message.Claimed && move.To.Work != message.Queued {
		In(&w.Message).Undeadlines = deadlinesToEnd(m, move)
		In(&w.Message).Deadlines = deadlinesToBegin(m, move, e)
	}
	if e.Kind == message.Sent && e.Ref != "" {
		In(&w.Message).Refs = []ProviderRef{{Provider: e.Provider, Ref: e.Ref, Message: m.ID, At: e.At}}
	}
	In(&w.Ledger).Entries = []ledger.Entry{entry(m, move, e)}
	return w
}

// Replay is the write set of a message that goes back into its lane: what Tell tells, its due row, and the expiry that
// begins anew. ends is when the sender wants nothing begun any more, zero when the sender said nothing.
func Replay(m message.Message, move message.Move, ends time.Time) Writes {
	w, due := Tell(m, move), m.Anew(move, ends)
	In(&w.Message).Dues, In(&w.Message).Undeadlines = []message.Due{due}, []message.ID{m.ID}
	if expires := m.ExpiryFrom(due.FirstAt); !expires.IsZero() {
		In(&w.Message).Deadlines = []message.Deadline{{At: expires, Message: m.ID, Kind: message.Expiry}}
	}
	return w
}

// deadlinesToEnd names the message when it may have a deadline that no longer holds.
func deadlinesToEnd(m message.Message, move message.Move) []message.ID {
	waited := move.Moved() && (move.From.Place == message.AtSent || move.From.Place == message.InDoubt)
	begun := move.From.Work == message.Queued || move.From.Work == message.Claimed
	if waited || (begun && !m.ExpiresAt.IsZero()) {
		return []message.ID{m.ID}
	}
	return nil
}

func deadlinesToBegin(m message.Message, move message.Move, e message.Evidence) []message.Deadline {
	switch {
	case !move.Moved(): // a note on the way changes no deadline
	case move.To.Place == message.AtSent && m.Receipt > 0:
		return []message.Deadline{{At: e.At.Add(m.Receipt), Message: m.ID, Kind: message.ReceiptDue}}
	case move.To.Place == message.InDoubt && m.Doubt != message.ToDo: // a To Do waits for as long as it takes
		return []message.Deadline{{At: e.At.Add(m.Hold), Message: m.ID, Kind: message.HoldEnds}}
	}
	return nil
}

func entry(m message.Message, move message.Move, e message.Evidence) ledger.Entry {
	kind := ledger.MessageNoted
	switch {
	case e.Kind == message.Retried:
		kind = ledger.MessageTried
	case move.Moved():
		kind = ledger.MessageMoved
	}
	out := ledger.Entry{
		At: e.At, Kind: kind, Source: m.Source, Division: m.Division, Contact: m.Origin.Contact, Reference: m.Reference,
		Person: m.Recipient.Person, Account: m.Account, Message: m.ID, Channel: m.Channel, Step: m.Origin.Step,
		Reason: e.Reason, Code: e.Code, By: e.Provider,
	}
	if move.Moved() {
		out.Place = move.To.Place
	}
	return out
}
