package dms

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/twmb/franz-go/pkg/kgo"

	"carillon/adapters/simulators/book"
)

// manifestRecord is what the DMS reads of a manifest.
type manifestRecord struct {
	Batch   string `json:"batch"`
	Run     int64  `json:"run"`
	Letters int    `json:"letters"`
	SHA256  string `json:"sha256"`
}

// run is the letters of one run as they come. Its hash takes them in the order of their sequence; what comes early
// waits.
type run struct {
	batch    string
	number   int64
	count    int
	next     int
	hash     hash.Hash
	early    map[int][]byte
	print    []letterRecord
	manifest *manifestRecord
	since    time.Time
	accepted bool
}

func runKey(batch string, number int64) string {
	return batch + "/" + strconv.FormatInt(number, 10)
}

// runOf finds a run or opens it. The caller holds the lock.
func (s *Simulator) runOf(batch string, number int64) *run {
	key := runKey(batch, number)
	if r, found := s.open[key]; found {
		return r
	}
	if r, found := s.closed.Get(key); found {
		return r
	}
	r := &run{batch: batch, number: number, next: 1, hash: sha256.New(), early: map[int][]byte{}}
	s.open[key] = r
	return r
}

// file puts a letter into its run and says why it does not belong there.
func (s *Simulator) file(l letterRecord, value []byte, prints bool) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.runOf(l.Batch, l.Run)
	if r.accepted {
		return "the run is closed"
	}
	if _, taken := r.early[l.Sequence]; taken || l.Sequence < r.next {
		return "the sequence number is taken"
	}
	r.count++
	if prints {
		r.print = append(r.print, l)
	}
	r.early[l.Sequence] = value
	for {
		value, here := r.early[r.next]
		if !here {
			return ""
		}
		delete(r.early, r.next)
		r.add(value)
		r.next++
	}
}

func (r *run) add(value []byte) {
	r.hash.Write(value)
	r.hash.Write([]byte{'\n'})
}

// sum is the hash of all letters that came. It ends the run's order: gaps in the sequence are passed over.
func (r *run) sum() string {
	for _, sequence := range slices.Sorted(maps.Keys(r.early)) {
		r.add(r.early[sequence])
		r.next = sequence + 1
	}
	clear(r.early)
	return hex.EncodeToString(r.hash.Sum(nil))
}

// manifest takes a manifest record; settle answers it.
func (s *Simulator) manifest(record *kgo.Record) {
	var m manifestRecord
	entry := book.Record{Op: "manifest", Length: utf8.RuneCount(record.Value), Content: string(record.Value)}
	err := json.Unmarshal(record.Value, &m)
	entry.Reference, entry.Key = runKey(m.Batch, m.Run), m.Batch
	if err != nil || m.Batch == "" || m.Letters < 0 || m.SHA256 == "" {
		entry.Outcome, entry.Code = "invalid", "batch, run, letters and sha256 are needed"
		s.stage.Book.Write(entry)
		return
	}
	entry.Outcome = "received"
	s.mu.Lock()
	r := s.runOf(m.Batch, m.Run)
	before := r.manifest
	var answer *status
	if r.accepted {
		entry.Outcome = "repeat"
		word, reason := acceptedStatus, ""
		if before.Letters != m.Letters || !strings.EqualFold(before.SHA256, m.SHA256) {
			entry.Outcome = "conflict"
			word, reason = rejectedStatus, "the run was accepted with another manifest"
		}
		told := s.runStatus(r, m, word, reason, true)
		answer = &told
	} else {
		r.manifest, r.since = &m, s.stage.Clock()
	}
	s.mu.Unlock()
	s.stage.Book.Write(entry)
	if answer != nil {
		s.tellLater(s.wait(), []status{*answer})
	}
}

// settle answers the manifests whose run can be judged.
func (s *Simulator) settle() {
	now := s.stage.Clock()
	var told []status
	var printable [][]letterRecord
	s.mu.Lock()
	for key, r := range s.open {
		if r.manifest == nil {
			continue
		}
		m := *r.manifest
		reason, patient := r.judge(m, now.Sub(r.since) < s.config.Patience)
		switch {
		case patient:
			continue
		case reason != "":
			told = append(told, s.runStatus(r, m, rejectedStatus, reason, false))
			r.manifest = nil // a better one may come
		default:
			told = append(told, s.runStatus(r, m, acceptedStatus, "", false))
			printable = append(printable, r.print)
			r.accepted, r.print, r.early, r.hash = true, nil, nil, nil
			delete(s.open, key)
			s.closed.Put(key, r)
		}
	}
	s.mu.Unlock()
	s.tellLater(s.wait(), told)
	for _, letters := range printable {
		s.printRun(letters)
	}
}

// judge says why a run does not add up, or that it is too early to say.
func (r *run) judge(m manifestRecord, patient bool) (reason string, wait bool) {
	switch {
	case r.count < m.Letters && patient:
		return "", true
	case r.count != m.Letters:
		return fmt.Sprintf("%d letters came, the manifest says %d", r.count, m.Letters), false
	case !strings.EqualFold(r.sum(), m.SHA256):
		return "the letters do not have the manifest's sha256", false
	default:
		return "", false
	}
}

// runStatus is the answer to a manifest. The caller holds the lock.
func (s *Simulator) runStatus(r *run, m manifestRecord, word, reason string, again bool) status {
	key := runKey(r.batch, r.number)
	letters := r.count
	return status{
		Batch: r.batch, Run: r.number, Letters: &letters, Status: word, Reason: reason, batch: r.batch, key: key,
		again: again, silent: s.silent(s.stage.Faults.For(r.batch).Fault, key),
	}.identified(key, word, reason, m.SHA256, strconv.Itoa(m.Letters))
}

// printRun prints and mails the letters of a run, each step after a while; some come back.
func (s *Simulator) printRun(letters []letterRecord) {
	var printed, mailed, returned []status
	for _, l := range letters {
		printed = append(printed, s.letterStatus(l, printedStatus, "", false))
		mailed = append(mailed, s.letterStatus(l, mailedStatus, "", false))
		if s.stage.Dice.Fate("return", l.ID) < s.stage.Profile.LetterReturn {
			returned = append(returned, s.letterStatus(l, returnedStatus, "addressee unknown", false))
		}
	}
	wait := s.stage.Profile.Receipts.Max // after the acceptance of each letter
	for _, step := range [][]status{printed, mailed, returned} {
		wait += s.wait() + time.Millisecond
		s.tellLater(wait, step)
	}
}
