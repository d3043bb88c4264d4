package dms

import (
	"crypto/sha256"
	"encoding/json"
	"strconv"
	"unicode/utf8"

	"github.com/twmb/franz-go/pkg/kgo"

	"carillon/adapters/simulators/book"
	"carillon/adapters/simulators/faults"
)

// letterRecord is what the DMS reads of a letter record; the rest is the letter's own.
type letterRecord struct {
	ID       string `json:"id"`
	Batch    string `json:"batch"`
	Run      int64  `json:"run"`
	Sequence int    `json:"sequence"`
}

// verdict is what was said of a letter.
type verdict struct {
	sum    [sha256.Size]byte
	status string
	reason string
}

// The words of a status.
const (
	acceptedStatus = "accepted"
	rejectedStatus = "rejected"
	printedStatus  = "printed"
	mailedStatus   = "mailed"
	returnedStatus = "returned"
)

func batchOf(value []byte) string {
	var r letterRecord
	if err := json.Unmarshal(value, &r); err != nil {
		return ""
	}
	return r.Batch
}

// letter takes a letter record and returns what is to be said of it.
func (s *Simulator) letter(r *kgo.Record) []status {
	var l letterRecord
	err := json.Unmarshal(r.Value, &l)
	record := book.Record{
		Op: "letter", ID: l.ID, Reference: runKey(l.Batch, l.Run) + "/" + strconv.Itoa(l.Sequence), Key: l.Batch,
		To: []string{string(r.Key)}, Length: utf8.RuneCount(r.Value), Content: string(r.Value),
	}
	if err != nil || l.ID == "" || l.Batch == "" || l.Sequence < 1 {
		record.Outcome, record.Code = "invalid", "id, batch, run and sequence are needed"
		s.stage.Book.Write(record)
		if l.ID == "" {
			return nil
		}
		return []status{s.letterStatus(l, rejectedStatus, record.Code, false)}
	}
	sum := sha256.Sum256(r.Value)
	if known, found := s.known.Get(l.ID); found {
		record.Outcome = "repeat"
		answer := s.letterStatus(l, known.status, known.reason, true)
		if known.sum != sum {
			record.Outcome = "conflict"
			answer = s.letterStatus(l, rejectedStatus, "another letter was sent under this id", true)
		}
		s.stage.Book.Write(record)
		return []status{answer}
	}
	v := s.judge(l, string(r.Key))
	v.sum = sum
	if why := s.file(l, r.Value, v.status == acceptedStatus); why != "" {
		v.status, v.reason = rejectedStatus, why
	}
	s.known.Put(l.ID, v)
	answer := s.letterStatus(l, v.status, v.reason, false)
	record.Outcome, record.Code = v.status, v.reason
	if _, before := s.said.Get(answer.ID); before {
		record.Outcome = "replay"
	}
	s.stage.Book.Write(record)
	return []status{answer}
}

// judge says whether a letter is accepted, by its looks.
func (s *Simulator) judge(l letterRecord, key string) verdict {
	rule := s.stage.Faults.For(l.Batch)
	reject := func(reason string) verdict {
		return verdict{status: rejectedStatus, reason: orElse(rule.Reason, reason)}
	}
	switch {
	case rule.Error != "":
		return reject(rule.Error)
	case rule.Refuses(l.ID, key):
		return reject("the address is refused")
	case s.stage.Dice.Fate("reject", l.ID) < rule.FailRate(s.stage.Profile.LetterReject):
		return reject("the address cannot be read")
	default:
		return verdict{status: acceptedStatus}
	}
}

// letterStatus is a status of a letter. Its id belongs to letter and status, so that a repeat can be known.
func (s *Simulator) letterStatus(l letterRecord, word, reason string, again bool) status {
	rule := s.stage.Faults.For(l.Batch)
	return status{
		Letter: l.ID, Status: word, Reason: reason, batch: l.Batch, key: l.ID, again: again,
		silent: s.silent(rule.Fault, l.ID),
	}.identified(l.ID, word, reason)
}

// silent reports whether nothing is ever said of a letter or a run.
func (s *Simulator) silent(f faults.Fault, id string) bool {
	return s.stage.Dice.Fate("silence", id) < f.SilenceRate(s.stage.Profile.NoReceipts)
}

func orElse(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
