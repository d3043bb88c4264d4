// Package extract holds the runs of the letter extract (batch control LTRPRT), the letters a run has frozen and
// the manifest that closes it (process 3.4.1.1, steps 2.6 and 2.7).
package extract

import (
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"time"

	"carillon/core/message"
)

// LTRPRT is the batch control of the letter extract.
const LTRPRT = "LTRPRT"

// Run is one run of a batch control. An unfinished run is resumed under its number before a new one opens.
type Run struct {
	Batch        string
	Number       int64
	BusinessDate string // YYYY-MM-DD in the zone of the division
	OpenedAt     time.Time
	ClosedAt     time.Time // when it was added up; zero while letters may still join it
	ToldAt       time.Time // when its manifest was handed over; zero until then
	Letters      int64     // of a closed run
	Hash         string    // of a closed run: see Digest
	Version      int64     // grows with every write; a stale writer loses
	By           string    // who asked: the schedule, or a principal
}

// Letter is a message frozen by a run: the bytes that leave, now and in every rerun.
type Letter struct {
	Batch   string
	Run     int64
	Number  int64 // 1, 2, … within the run
	Message message.ID
	Key     string // orders one customer's letters
	Route   string
	Record  string // the record's bytes
}

// Manifest closes a run: what the receiver must have got.
type Manifest struct {
	Batch        string `json:"batch"`
	Run          int64  `json:"run"`
	BusinessDate string `json:"businessDate"`
	OpenedAt     string `json:"openedAt"`
	ClosedAt     string `json:"closedAt"`
	Letters      int64  `json:"letters"`
	SHA256       string `json:"sha256"`
}

// Digest adds up the letters of a run in order of their number: SHA-256 over each record's bytes and a newline.
type Digest struct {
	sum hash.Hash
	n   int64
}

// NewDigest starts a digest.
func NewDigest() *Digest { return &Digest{sum: sha256.New()} }

// Add takes the next record.
func (d *Digest) Add(record string) {
	d.sum.Write([]byte(record)) // a hash never fails to write
	d.sum.Write([]byte{'\n'})
	d.n++
}

// Sum is the digest in hex and the number of records.
func (d *Digest) Sum() (string, int64) { return hex.EncodeToString(d.sum.Sum(nil)), d.n }
