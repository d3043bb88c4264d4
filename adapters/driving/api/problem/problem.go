// Package problem is what the driving adapters answer when something failed: problem documents (RFC 9457), by the one
// table from the kind of a fault to its status.
package problem

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"carillon/core/fault"
)

// Media is the media type of a problem document.
const Media = "application/problem+json"

// Document is a problem document with the headers that go with it.
type Document struct {
	Type     string  `json:"type"`
	Title    string  `json:"title"`
	Status   int     `json:"status"`
	Detail   string  `json:"detail,omitzero"`
	Instance string  `json:"instance,omitzero"`
	Errors   []Field `json:"errors,omitempty"`

	Wait  time.Duration `json:"-"` // Retry-After; 0: none
	Allow string        `json:"-"` // the methods that a path has
}

// Field is one wrong field and what a right value would be.
type Field struct {
	Field  string `json:"field"`
	Reason string `json:"reason"`
}

// typePrefix begins every problem type; a kind's word, or one of the few words of HTTP itself, follows.
const typePrefix = "urn:carillon:problem:"

// row is one row of the table from the kind of a failure to its answer.
type row struct {
	status int
	title  string
}

// rowOf is that table.
func rowOf(kind fault.Kind) row {
	table := map[fault.Kind]row{
		fault.Unknown:       {http.StatusInternalServerError, "A mistake of ours."},
		fault.Invalid:       {http.StatusUnprocessableEntity, "The request can never be done as asked."},
		fault.NotFound:      {http.StatusNotFound, "There is no such thing, or not for this caller."},
		fault.Conflict:      {http.StatusConflict, "It conflicts with what is there."},
		fault.Forbidden:     {http.StatusForbidden, "The caller may not."},
		fault.Unauthorized:  {http.StatusUnauthorized, "Nobody we know is asking."},
		fault.Suppressed:    {http.StatusUnprocessableEntity, "The contact point may not be reached."},
		fault.Refused:       {http.StatusUnprocessableEntity, "The provider refuses it for good."},
		fault.Throttled:     {http.StatusTooManyRequests, "Slow down."},
		fault.Exhausted:     {http.StatusServiceUnavailable, "A quota is used up."},
		fault.Misconfigured: {http.StatusServiceUnavailable, "Something is set up wrong on our side."},
		fault.Unavailable:   {http.StatusServiceUnavailable, "Not now."},
		fault.Cancelled:     {http.StatusServiceUnavailable, "It was stopped before it was done."},
		fault.Ambiguous:     {http.StatusBadGateway, "It may have been done; the answer was lost."},
	}
	if r, listed := table[kind]; listed {
		return r
	}
	return table[fault.Unknown]
}

// Of is the document of a failure. Only the text of a fault is shown: it is free of personal data by contract.
func Of(err error) Document {
	kind := fault.KindOf(err)
	r := rowOf(kind)
	p := Document{Type: typePrefix + kind.String(), Title: r.title, Status: r.status, Wait: fault.WaitOf(err)}
	var f *fault.Error
	if kind == fault.Unknown || !errors.As(err, &f) {
		return p
	}
	p.Detail = f.Text
	for _, v := range f.Violations {
		p.Errors = append(p.Errors, Field(v))
	}
	return p
}

// plainly is the document of a failure that HTTP has its own status for.
func plainly(status int, word, title string) Document {
	return Document{Type: typePrefix + word, Title: title, Status: status}
}

// Malformed is of a body that is no JSON.
func Malformed() Document {
	return plainly(http.StatusBadRequest, "malformed", "The body is no JSON.")
}

// TooLarge is of a body with more than limit bytes.
func TooLarge(limit int64) Document {
	p := plainly(http.StatusRequestEntityTooLarge, "too_large", "The body is too large.")
	p.Detail = fmt.Sprintf("a body may have %d bytes", limit)
	return p
}

// WrongMediaType is of a body of another media type than the right one.
func WrongMediaType(right string) Document {
	p := plainly(http.StatusUnsupportedMediaType, "unsupported_media_type",
		"The body is not of the media type asked for.")
	p.Detail = "send Content-Type: " + right
	return p
}

// MethodNotAllowed is of a method that a path does not have; allowed lists those it has.
func MethodNotAllowed(allowed string) Document {
	p := plainly(http.StatusMethodNotAllowed, "method_not_allowed", "The path has no such method.")
	p.Allow = allowed
	return p
}
