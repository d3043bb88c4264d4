package rest

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

// FuzzLines: whatever is sent, in pieces of whatever size, every line that is not empty comes out once, with its
// number, whole or told to be too long; and nothing is kept beyond the limit.
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
