package store

import (
	"slices"

	"carillon/core/message"
)

// MessageWrites is what a decision changes of messages, their due rows and their evidence. Empty fields change nothing.
type MessageWrites struct {
	Messages    []message.Message
	Dues        []message.Due
	Settles     []Settle
	Requeues    []Requeue
	Undues      []Undue
	Evidence    []message.Evidence
	Refs        []ProviderRef
	Deadlines   []message.Deadline
	Undeadlines []message.ID       // every deadline of the message goes, before Deadlines of the set are put
	Spent       []message.Deadline // deadline rows that go if they still stand at this time, before Deadlines of the set are put
	Counts      []message.Count
	Dead        []message.DeadLetter // put or replaced, by message; class and type are read from the contact
	Undead      []message.ID         // dead letters that go, before Dead of the set are put; one that is not there is passed over
	Claim       *Claim               // after everything else of the set
}

func (to *MessageWrites) and(from *MessageWrites) {
	to.Messages = slices.Concat(to.Messages, from.Messages)
	to.Dues = slices.Concat(to.Dues, from.Dues)
	to.Settles = slices.Concat(to.Settles, from.Settles)
	to.Requeues = slices.Concat(to.Requeues, from.Requeues)
	to.Undues = slices.Concat(to.Undues, from.Undues)
	to.Evidence = slices.Concat(to.Evidence, from.Evidence)
	to.Refs = slices.Concat(to.Refs, from.Refs)
	to.Deadlines = slices.Concat(to.Deadlines, from.Deadlines)
	to.Undeadlines = slices.Concat(to.Undeadlines, from.Undeadlines)
	to.Spent = slices.Concat(to.Spent, from.Spent)
	to.Counts = slices.Concat(to.Counts, from.Counts)
	to.Dead = slices.Concat(to.Dead, from.Dead)
	to.Undead = slices.Concat(to.Undead, from.Undead)
	if from.Claim != nil {
		to.Claim = from.Claim
	}
}
