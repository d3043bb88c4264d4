package kafkain

import (
	"encoding/json"
	"time"

	"carillon/core/fault"
	"carillon/core/message"
)

// Provider is who says so in the reports of the document management system.
const Provider = "dms"

// record is a record of the status topic: about a letter, or about the manifest of a run.
type record struct {
	ID     string    `json:"id"`
	Letter string    `json:"letter"`
	Batch  string    `json:"batch"`
	Run    int64     `json:"run"`
	Status string    `json:"status"`
	At     time.Time `json:"at"`
	Reason string    `json:"reason"`
}

// maxID bounds the DMS's own id of a record: it becomes a key.
const maxID = 100

// Read turns a record of the status topic into a report. One about a whole run tells nothing of a single letter: it
// is understood, and no report. The error says what is missing; it holds nothing of the record.
func Read(value []byte, now time.Time) (r message.Report, known bool, err error) {
	var rec record
	if err := json.Unmarshal(value, &rec); err != nil {
		return message.Report{}, false, fault.New(fault.Invalid, "the record is no JSON of a status")
	}
	switch {
	case rec.ID == "" || len(rec.ID) > maxID:
		return message.Report{}, false, fault.New(fault.Invalid, "the record has no id of 1 to 100 characters")
	case rec.Letter == "" && rec.Batch != "":
		return message.Report{}, false, nil
	}
	id, err := message.ParseID(rec.Letter)
	if err != nil {
		return message.Report{}, false, fault.New(fault.Invalid, "the record names no letter")
	}
	r = message.Report{Provider: Provider, Key: rec.ID, Message: id, At: rec.At.UTC().Truncate(time.Microsecond), Code: rec.Status}
	if rec.At.IsZero() || rec.At.After(now.Add(time.Hour)) {
		r.At = now
	}
	if !tell(&r, rec) {
		return message.Report{}, false, fault.New(fault.Invalid, "the record has a status that is not in the contract")
	}
	return r, true, nil
}

// tell puts into the report what the status of a record says; false when the status is not in the contract.
func tell(r *message.Report, rec record) bool {
	switch rec.Status {
	case "accepted":
		r.Says, r.Reason = message.SaysTaken, "accepted"
	case "printed":
		r.Says, r.Reason = message.SaysNoted, "printed"
	case "mailed":
		r.Says, r.Reason = message.SaysDelivered, "mailed"
	case "rejected":
		r.Says, r.Reason = message.SaysFailed, "rejected"
	case "returned":
		r.Says, r.Reason, r.Undeliverable = message.SaysFailed, "returned", true
	default:
		return false
	}
	return true
}

// Rejected reports whether a record says that the receiver did not take a run as its manifest says it was.
func Rejected(value []byte) (batch string, run int64, rejected bool) {
	var rec record
	if err := json.Unmarshal(value, &rec); err != nil {
		return "", 0, false
	}
	return rec.Batch, rec.Run, rec.Letter == "" && rec.Batch != "" && rec.Status == "rejected"
}
