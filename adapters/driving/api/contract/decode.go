package contract

import (
	"bytes"
	"errors"
	"io"
	"reflect"
	"sync"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"carillon/core/fault"
)

// ErrMalformed is of a body that is no JSON text: not UTF-8, half of a surrogate pair, or with something behind it.
var ErrMalformed = errors.New("the body is no JSON")

// Body reads bodies of one shape as values of B. It is safe for use by many goroutines.
type Body[B any] struct {
	of *Shape

	once  sync.Once
	check check
}

// BodyOf is how bodies of a shape are read.
func BodyOf[B any](s *Shape) *Body[B] { return &Body[B]{of: s} }

// Decode reads a body strictly: names that the contract does not know, names that stand twice and anything behind the
// value are refused. It returns everything that is wrong, by JSON pointer, or [ErrMalformed].
//
// A body that surely keeps its schema is not held against it: most are right, and a schema is slow.
func (b *Body[B]) Decode(body []byte) (value B, wrong []fault.Violation, err error) {
	if len(bytes.TrimSpace(body)) == 0 {
		return value, b.of.Wrong(nil), nil
	}
	failed := json.Unmarshal(body, &value, json.RejectUnknownMembers(true))
	if failed == nil && b.sure(&value, body) {
		return value, nil, nil
	}
	if failed != nil {
		if wrong, err = unreadable(body); err != nil {
			return value, nil, err
		}
	}
	wrong = append(wrong, b.of.Wrong(body)...)
	if failed != nil && len(wrong) == 0 {
		wrong = append(wrong, blamed(failed))
	}
	return value, wrong, nil
}

// sure reports whether a value that was read from a body surely has the shape.
func (b *Body[B]) sure(value *B, body []byte) bool {
	if ambiguous(body) || b.of.kinds.field != "" {
		return false
	}
	b.once.Do(func() { b.check = checkOf(b.of.schema.must(), reflect.TypeFor[B]()) })
	return b.check(reflect.ValueOf(value).Elem())
}

// unreadable says why a body is no JSON, or which name of it stands twice; nothing when it is JSON.
func unreadable(body []byte) ([]fault.Violation, error) {
	d := jsontext.NewDecoder(bytes.NewReader(body))
	if err := d.SkipValue(); err != nil {
		var syntax *jsontext.SyntacticError
		if errors.As(err, &syntax) && errors.Is(err, jsontext.ErrDuplicateName) {
			return []fault.Violation{{Field: shownPointer(syntax.JSONPointer), Reason: "is there more than once"}}, nil
		}
		return nil, ErrMalformed
	}
	if _, err := d.ReadToken(); !errors.Is(err, io.EOF) {
		return nil, ErrMalformed
	}
	return nil, nil
}

// blamed is where reading a body ended, when its schema sees nothing wrong there.
func blamed(err error) fault.Violation {
	var semantic *json.SemanticError
	if errors.As(err, &semantic) {
		return fault.Violation{Field: shownPointer(semantic.JSONPointer), Reason: notAsDescribed}
	}
	return fault.Violation{Field: "", Reason: notAsDescribed}
}

// shownPointer is a pointer as far as its names may be shown.
func shownPointer(p jsontext.Pointer) string {
	var tokens []string
	for token := range p.Tokens() {
		tokens = append(tokens, token)
	}
	return pointer(tokens)
}

// Check tells everything that is wrong with a body that somebody else reads, or [ErrMalformed].
func (s *Shape) Check(body []byte) ([]fault.Violation, error) {
	if len(bytes.TrimSpace(body)) == 0 {
		return s.Wrong(nil), nil
	}
	wrong, err := unreadable(body)
	if err != nil {
		return nil, err
	}
	return append(wrong, s.Wrong(body)...), nil
}
