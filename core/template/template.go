// Package template says what a template is, what it needs and what it gives, and declares the port of whoever
// renders it. Templates are written by business users in Liquid; a value a template names and the contact does
// not bring is refused when the contact is accepted.
package template

// Template is one form of words for one channel. It is immutable under its configuration version.
type Template struct {
	Code     string            `json:"code"`
	Channel  string            `json:"channel"`
	Parts    map[string]string `json:"parts"`              // sms: text; email: subject, text, html; voice: script; letter: none
	Required []string          `json:"required,omitempty"` // names the data must bring although no part prints them (letter fields)
}

// Renderer fills a form. Implementations are strict: a name that the data lacks is a fault.Invalid whose
// violations name it (field "/data/<name>"), and so is a form that does not parse (field "/parts/<part>").
// It is safe for concurrent use and may cache parsed forms by their text.
type Renderer interface {
	// Check returns the top-level names a form reads, or fault.Invalid when it does not parse.
	Check(form string) ([]string, error)
	// Render fills the form with the data. Escape says whether values are HTML-escaped.
	Render(form string, data map[string]any, escape bool) (string, error)
}
