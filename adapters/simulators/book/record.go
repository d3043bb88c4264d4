// Package book keeps the record of everything a simulator was asked and of what it answered, so that somebody else
// can count afterwards. It is the memory of the providers, not of Carillon, and holds full contents on purpose.
package book

import "time"

// Record is one line of a book. Fields that do not apply are left out of its JSON.
type Record struct {
	// Seq numbers the records of one simulator from 1, without gaps.
	Seq int64 `json:"seq"`
	// At is when it happened, by the simulators' clock.
	At time.Time `json:"at"`
	// Simulator is sns, ses, dialer or dms.
	Simulator string `json:"simulator"`
	// Op is what was asked or done: publish, probe, confirm, optout, inbound, send, dial, lease, result, notification,
	// letter, manifest, status.
	Op string `json:"op"`
	// ID is the id the provider gave: message id, dial id, notification id, status id.
	ID string `json:"id,omitempty"`
	// Reference is the other side's id: client token, letter id, run, or the message a report speaks of.
	Reference string `json:"reference,omitempty"`
	// Request is the request id of the answer.
	Request string `json:"request,omitempty"`
	// Key is what faults are looked up by: sender, From domain, campaign, batch.
	Key string `json:"key,omitempty"`
	// From is the sender identity.
	From string `json:"from,omitempty"`
	// To holds the numbers or addresses.
	To []string `json:"to,omitempty"`
	// Subject is the subject of an email.
	Subject string `json:"subject,omitempty"`
	// Length counts the characters of Content.
	Length int `json:"length,omitempty"`
	// Content is the text, the script, the letter record or the message of a notification, in full.
	Content string `json:"content,omitempty"`
	// HTML is the HTML part of an email.
	HTML string `json:"html,omitempty"`
	// Attributes holds message attributes, email tags and headers, or the attributes of a call.
	Attributes map[string]string `json:"attributes,omitempty"`
	// Outcome is what came of it: accepted, repeat, refused, invalid, throttled, error, down, forbidden; for a report
	// what it told, and delivered or given_up for its delivery.
	Outcome string `json:"outcome"`
	// Code is the error or failure code that was answered.
	Code string `json:"code,omitempty"`
	// Status is the HTTP status answered, or received for a report.
	Status int `json:"status,omitempty"`
	// Answer is lost or late when the answer was.
	Answer string `json:"answer,omitempty"`
	// Attempts counts the tries of a report.
	Attempts int `json:"attempts,omitempty"`
	// Access is the access key id of SigV4.
	Access string `json:"access,omitempty"`
}
