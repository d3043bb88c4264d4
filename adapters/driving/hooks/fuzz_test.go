package hooks

import (
	"strings"
	"testing"

	"carillon/core/fault"
	"carillon/core/message"
)

// FuzzRead feeds what stands inside believed notifications: nothing panics, and what is reported is whole and closed.
func FuzzRead(f *testing.F) {
	for i, text := range []string{
		`{"eventType":"Delivery","mail":{"messageId":"ses-1"},"delivery":{"timestamp":"2026-03-02T15:04:00.000Z","recipients":["a@example.com"]}}`,
		`{"notification":{"messageId":"m","timestamp":"2026-03-02 15:00:00.25"},"delivery":{"providerResponse":"Invalid phone number","dwellTimeMs":-9223372036854775808},"status":"FAILURE"}`,
		`{"originationNumber":"+13125550142","destinationNumber":"+18005550100","messageBody":"stop"}`,
		`{"notificationType":"Bounce","mail":{"messageId":"m","tags":{"carillon_message":["0198f3a0-1c00-7000-8000-000000000001"]}},"bounce":{"bounceType":"Permanent"}}`,
		`[{"notification":{"messageId":"m"},"status":"SUCCESS"},{"notification":{"messageId":"m"},"status":"FAILURE"}]`,
		`{"originationNumber":"+0","messageBody":"help"}`, "Successfully validated SNS topic", "{}", "[]", "null", "{} {", "\x00", "",
	} {
		f.Add(uint8(i), text)
	}
	f.Fuzz(func(t *testing.T, which uint8, text string) {
		kind := Kinds()[int(which)%len(Kinds())]
		n := notification{Type: typeNotification, MessageID: "id", Message: text, Timestamp: "2026-03-02T15:04:05.000Z"}
		found, err := read(Topic{Kind: kind, Provider: "p"}, n)
		if err != nil && !fault.Is(err, fault.Invalid) {
			t.Fatalf("%s gives %v", kind, err)
		}
		if err == nil && len(found.reports) == 0 && found.ignored == 0 && strings.TrimSpace(text) != "[]" && kind != SMSStatus {
			t.Fatal("says nothing of what it read")
		}
		keys := map[string]bool{}
		for _, r := range found.reports {
			if r.Says == "" || r.Provider == "" || r.At.IsZero() || keys[r.Key] || len(r.Code) > 60 || len(r.Ref) > 200 ||
				(r.Says == message.SaysReply) != (r.Word != "") || strings.ContainsAny(r.Code, "@+") {
				t.Fatalf("reported %+v", r)
			}
			keys[r.Key] = true
		}
	})
}
