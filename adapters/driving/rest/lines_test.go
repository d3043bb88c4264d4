package rest

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
)

// FuzzLines: whatever is sent, in pieces of whatever size, every line that is not empty comes out once, with its number,
// whole or told to be too long; and nothing is kept beyond the limit.
func FuzzLines(f *testing.F) {
	for _, seed := range []string{"", "a", "a\nb", "a\r\n\r\n b \n", strings.Repeat("x", 100), "\n\n\n", "a\n" + strings.Repeat("y", 70_000) + "\nz\n", "\r", "\xff\x00\n"} {
		f.Add([]byte(seed), 64, true)
		f.Add([]byte(seed), 5, false)
	}
	f.Fuzz(func(t *testing.T, text []byte, limit int, slowly bool) {
		limit = min(max(limit, 1), 100_000)
		var from io.Reader = bytes.NewReader(text)
		if slowly {
			from = iotest.OneByteReader(from)
		}
		r := newLineReader(from, int64(limit))
		for i, want := range bytes.Split(text, []byte("\n")) {
			tooLong := len(bytes.TrimRight(want, "\r")) > limit
			body := bytes.TrimSpace(want)
			if !tooLong && len(body) == 0 {
				continue
			}
			got, err := r.next()
			if err != nil || got.Number != int64(i+1) || got.TooLong != tooLong {
				t.Fatalf("line %d: %d, too long %t, %v; want too long %t", i+1, got.Number, got.TooLong, err, tooLong)
			}
			if tooLong && len(got.Body) > 0 || !tooLong && !bytes.Equal(got.Body, body) {
				t.Fatalf("line %d: %q, want %q", i+1, got.Body, body)
			}
		}
		if _, err := r.next(); !errors.Is(err, io.EOF) {
			t.Fatalf("after the last line: %v", err)
		}
	})
}

// FuzzSplit: a line is parted into its key and the contact, or is no JSON object; never both, never a panic.
func FuzzSplit(f *testing.F) {
	for _, seed := range []string{`{}`, `{"key":"k"}`, `{"key":"k","a":1}`, `{"a":{"key":1},"key":"\u006b","b\"":[1,2]}`, `[]`, `{"key":1}`, `{"key":"k"} x`, `{"a":1,}`, `{"key":"k","a":01}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		key, body, wrong, ok := split(line)
		if !ok {
			return
		}
		if err := sameButKey(line, key, body, wrong != nil); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
	})
}

// sameButKey says in what the body differs from the line without its key.
func sameButKey(line []byte, key string, body []byte, wrong bool) error {
	var whole, rest map[string]any
	if err := json.Unmarshal(line, &whole); err != nil {
		return err
	}
	if err := json.Unmarshal(body, &rest); err != nil {
		return err
	}
	if text, isText := whole["key"].(string); isText && text != key || !isText && !wrong {
		return errors.New("the key is another")
	}
	delete(whole, "key")
	if !reflect.DeepEqual(whole, rest) {
		return errors.New("the contact is another")
	}
	return nil
}
