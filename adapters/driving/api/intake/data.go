package intake

import (
	"bytes"
	stdjson "encoding/json"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"carillon/adapters/driving/api/contract"
	"carillon/core/fault"
)

// DataOf reads free data; numbers keep the form they were written in.
func DataOf(d map[string]jsontext.Value) (map[string]any, []fault.Violation) {
	if len(d) == 0 {
		return nil, nil
	}
	var wrong []fault.Violation
	out := make(map[string]any, len(d))
	for name, raw := range d {
		if text, plain := plainText(raw); plain {
			out[name] = text
			continue
		}
		decoder := stdjson.NewDecoder(bytes.NewReader(raw))
		decoder.UseNumber()
		var value any
		if err := decoder.Decode(&value); err != nil {
			wrong = append(wrong, fault.Violation{Field: "/data" + contract.ShownName(name), Reason: "is no JSON value"})
		}
		out[name] = value
	}
	return out, wrong
}

// plainText is the text of a JSON string that means what it says, letter by letter: most data is.
func plainText(raw []byte) (text string, plain bool) {
	n := len(raw)
	if n < 2 || raw[0] != '"' || raw[n-1] != '"' {
		return "", false
	}
	for _, c := range raw[1 : n-1] {
		if c < ' ' || c == '"' || c == '\\' || c >= utf8.RuneSelf {
			return "", false
		}
	}
	return string(raw[1 : n-1]), true
}
