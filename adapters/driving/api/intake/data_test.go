package intake

import (
	"encoding/json"
	"testing"
)

// FuzzPlainText: what is read without the library is what the library reads.
func FuzzPlainText(f *testing.F) {
	for _, raw := range []string{`"June 3"`, `""`, `"a\"b"`, `"é"`, `1`, `"`, `"a" "b"`, "\"a\nb\"", `null`} {
		f.Add([]byte(raw))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		text, plain := plainText(raw)
		if !plain {
			return
		}
		var want string
		if err := json.Unmarshal(raw, &want); err != nil || text != want {
			t.Fatalf("%q is read as %q, by the library as %q, %v", raw, text, want, err)
		}
	})
}
