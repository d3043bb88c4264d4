// Package secret holds values that must not be seen: passwords, tokens, keys. A [Text] prints, logs and marshals
// as a mask wherever it goes, also deep inside another value; only [Text.Reveal] gives it away.
package secret

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
)

// Mask is what a secret that is set shows instead of itself. One that is empty shows nothing, so that a printed
// configuration tells whether it is set.
const Mask = "•••"

// Text is a secret string. The zero value is empty. It is filled by [New] or by whatever reads text, such as kong
// and yaml. It holds its value behind a pointer: not even fmt, which reads unexported fields without asking their
// methods, comes upon it.
type Text struct {
	value *string
}

// New returns the secret text.
func New(text string) Text {
	if text == "" {
		return Text{}
	}
	return Text{value: &text}
}

// Reveal returns the secret itself, for the one place that needs it.
func (t Text) Reveal() string {
	if t.value == nil {
		return ""
	}
	return *t.value
}

// Empty reports whether no secret is set.
func (t Text) Empty() bool { return t.value == nil }

// IsZero reports whether no secret is set; encoders ask it about omitted fields.
func (t Text) IsZero() bool { return t.Empty() }

// Equal reports whether both hold the same secret. It is no comparison in constant time.
func (t Text) Equal(other Text) bool { return t.Reveal() == other.Reveal() }

// Redacted returns the mask.
func (t Text) Redacted() string {
	if t.Empty() {
		return ""
	}
	return Mask
}

// String returns the mask.
func (t Text) String() string { return t.Redacted() }

// Format writes the mask, whatever the verb.
func (t Text) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, t.Redacted()) }

// LogValue implements [slog.LogValuer] with the mask.
func (t Text) LogValue() slog.Value { return slog.StringValue(t.Redacted()) }

// MarshalText writes the mask; encoders of JSON use it too.
func (t Text) MarshalText() ([]byte, error) { return []byte(t.Redacted()), nil }

// MarshalYAML gives the mask.
func (t Text) MarshalYAML() (any, error) { return t.Redacted(), nil }

// errMasked says that a printed configuration was read back.
var errMasked = errors.New("the mask of a secret was given in place of the secret")

// UnmarshalText takes the secret as it stands. It refuses the mask: a configuration that was printed does not hold
// its secrets any more.
func (t *Text) UnmarshalText(text []byte) error {
	if string(text) == Mask {
		return errMasked
	}
	*t = New(string(text))
	return nil
}
