package hooks_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"carillon/adapters/driving/hooks"
	"carillon/core/customer"
	"carillon/core/message"
)

const ours = "0198f3a0-1c00-7000-8000-000000000001"

func id(tb testing.TB) message.ID {
	tb.Helper()
	m, err := message.ParseID(ours)
	if err != nil {
		tb.Fatal(err)
	}
	return m
}

// told is what an endpoint reports of a message of a topic.
func told(t *testing.T, p *pair, topic, text string) ([]message.Report, map[string]int) {
	t.Helper()
	h := &house{}
	if w := post(t, open(t, h, p, nil), notification(topic, text).sign(t, p)); w.Code != http.StatusNoContent {
		t.Fatalf("got %d %s for %s", w.Code, w.Body, text)
	}
	return h.received, h.counts
}

func TestEmailEvents(t *testing.T) {
	p := snsCertificate(t)
	at := time.Date(2026, 3, 2, 15, 0, 0, 500e6, time.UTC)
	stamp := at.Format("2006-01-02T15:04:05.000Z")
	mail := `"mail":{"timestamp":"` + stamp + `","messageId":"ses-1","destination":["a@example.com"],"tags":{"ses:from-domain":["x"],"carillon_message":["` + ours + `"]}}`
	report := func(says message.Saying, reason, code string, more ...func(*message.Report)) message.Report {
		r := message.Report{Provider: "ses", Key: "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324:0", Message: id(t), Ref: "ses-1", At: at, Says: says, Reason: reason, Code: code}
		for _, m := range more {
			m(&r)
		}
		return r
	}
	gone := func(r *message.Report) { r.Undeliverable = true }
	suppress := func(why string) func(*message.Report) { return func(r *message.Report) { r.Suppress = why } }
	received := func(r *message.Report) { r.At = now() }
	bounce := func(kind, sub string) string {
		return fmt.Sprintf(`{"eventType":"Bounce",%s,"bounce":{"bounceType":%q,"bounceSubType":%q,"timestamp":%q,"bouncedRecipients":[{"emailAddress":"a@example.com","diagnosticCode":"smtp; 550"}]}}`, mail, kind, sub, stamp)
	}
	for _, c := range []struct {
		text string
		want message.Report
	}{
		{`{"eventType":"Send",` + mail + `,"send":{}}`, report(message.SaysTaken, "", "")},
		{`{"eventType":"Delivery",` + mail + `,"delivery":{"timestamp":"` + stamp + `","recipients":["a@example.com"]}}`, report(message.SaysDelivered, "delivered_to_server", "")},
		{`{"notificationType":"Delivery",` + mail + `,"delivery":{"timestamp":"` + stamp + `","recipients":["a@example.com"]}}`, report(message.SaysDelivered, "delivered_to_server", "")},
		{bounce("Permanent", "General"), report(message.SaysFailed, "bounced", "Permanent/General", gone)},
		{bounce("Permanent", "NoEmail"), report(message.SaysFailed, "bounced", "Permanent/NoEmail", gone)},
		{bounce("Permanent", "Suppressed"), report(message.SaysFailed, "on_suppression_list", "Permanent/Suppressed", suppress("listed"))},
		{bounce("Permanent", "OnAccountSuppressionList"), report(message.SaysFailed, "on_suppression_list", "Permanent/OnAccountSuppressionList", suppress("listed"))},
		{bounce("Transient", "MailboxFull"), report(message.SaysFailed, "soft_bounce", "Transient/MailboxFull")},
		{bounce("Undetermined", "Undetermined"), report(message.SaysFailed, "bounced", "Undetermined/Undetermined")},
		{`{"eventType":"Complaint",` + mail + `,"complaint":{"timestamp":"` + stamp + `","complaintFeedbackType":"abuse","complaintSubType":null,"complainedRecipients":[{"emailAddress":"a@example.com"}]}}`, report(message.SaysNoted, "complaint", "abuse", suppress("complaint"))},
		{`{"eventType":"Complaint",` + mail + `,"complaint":{"timestamp":"` + stamp + `","complaintSubType":"OnAccountSuppressionList","complainedRecipients":[{}]}}`, report(message.SaysFailed, "on_suppression_list", "OnAccountSuppressionList", suppress("listed"))},
		{`{"eventType":"Reject",` + mail + `,"reject":{"reason":"Bad content"}}`, report(message.SaysFailed, "rejected", "", received)},
		{`{"eventType":"Rendering Failure",` + mail + `,"failure":{"errorMessage":"x","templateName":"y"}}`, report(message.SaysFailed, "rendering_failure", "", received)},
		{`{"eventType":"DeliveryDelay",` + mail + `,"deliveryDelay":{"timestamp":"` + stamp + `","delayType":"MailboxFull","delayedRecipients":[{}]}}`, report(message.SaysNoted, "delayed", "MailboxFull")},
	} {
		got, counts := told(t, p, emailTopic, c.text)
		if diff := cmp.Diff([]message.Report{c.want}, got, cmp.Comparer(func(a, b customer.Address) bool { return a == b })); diff != "" {
			t.Errorf("%s: %s", c.text, diff)
		}
		if counts["email-events reported"] != 1 {
			t.Errorf("counted %v", counts)
		}
	}
}

func TestEmailEventsOfSeveral(t *testing.T) {
	p := snsCertificate(t)
	got, _ := told(t, p, emailTopic, `{"eventType":"Delivery","mail":{"messageId":"ses-1","tags":{"carillon_message":["not an id"]}},"delivery":{"timestamp":"soon","recipients":["a@example.com","b@example.com"]}}`)
	if len(got) != 2 || got[0].Key == got[1].Key || got[0].Ref != "ses-1" || !got[0].Message.IsZero() || !got[1].At.Equal(now()) {
		t.Errorf("got %+v", got)
	}
	for _, text := range []string{
		`{"eventType":"Open","mail":{"messageId":"ses-1"}}`, `{"eventType":"Click","mail":{"messageId":"ses-1"}}`,
		`{"eventType":"Subscription","mail":{"messageId":"ses-1"}}`, `{"eventType":"Something New","mail":{"messageId":"ses-1"}}`,
		"Successfully validated SNS topic for Amazon SES event publishing.",
		`{"notificationType":"AmazonSnsSubscriptionSucceeded","message":"You have successfully subscribed your Amazon SNS topic"}`,
	} {
		if got, counts := told(t, p, emailTopic, text); len(got) != 0 || counts["email-events ignored"] != 1 {
			t.Errorf("%s gives %v %v", text, got, counts)
		}
	}
}

func TestStatusOfTexts(t *testing.T) {
	p := snsCertificate(t)
	record := func(status, response string) string {
		return fmt.Sprintf(`{"notification":{"messageId":"sns-1","timestamp":"2026-03-02 15:00:00.250"},"delivery":{"phoneCarrier":"X","mnc":270,"numberOfMessageParts":1,"destination":"+13125550142","priceInUSD":0.00645,"smsType":"Transactional","mcc":310,"providerResponse":%q,"dwellTimeMs":1250},"status":%q}`, response, status)
	}
	at := time.Date(2026, 3, 2, 15, 0, 1, 500e6, time.UTC)
	for response, want := range map[string]message.Report{
		"Blocked as spam by phone carrier":                     {Reason: "blocked_as_spam"},
		"Destination is on a blocked list":                     {Reason: "on_blocked_list"},
		"Phone is on a blocked list":                           {Reason: "on_blocked_list"},
		"Invalid phone number":                                 {Reason: "invalid_number", Undeliverable: true},
		"Message body is invalid":                              {Reason: "invalid_body"},
		"Phone carrier has blocked this message":               {Reason: "carrier_blocked"},
		"Phone carrier is currently unreachable/unavailable":   {Reason: "carrier_unavailable"},
		"Phone has blocked SMS":                                {Reason: "phone_blocks_sms"},
		"Phone is currently unreachable/unavailable":           {Reason: "phone_unreachable"},
		"Phone number is opted out":                            {Reason: "opted_out", Suppress: "stop_received"},
		"This delivery would exceed max price":                 {Reason: "over_max_price"},
		"No quota left for account":                            {Reason: "over_spend_limit"},
		"Unknown error attempting to reach phone":              {Reason: "unknown_error"},
		"Something about +13125550142 that nobody has written": {Reason: "unknown_error"},
	} {
		want.Says, want.Code, want.Provider, want.Ref, want.At, want.Key = message.SaysFailed, "FAILURE", "sns", "sns-1", at, "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324:0"
		got, _ := told(t, p, statusTopic, record("FAILURE", response))
		if diff := cmp.Diff([]message.Report{want}, got); diff != "" {
			t.Errorf("%s: %s", response, diff)
		}
	}
	got, _ := told(t, p, statusTopic, record("SUCCESS", "Message has been accepted by phone carrier"))
	if len(got) != 1 || got[0].Says != message.SaysDelivered || got[0].Reason != "accepted_by_carrier" || got[0].Undeliverable {
		t.Errorf("got %+v", got)
	}
	t.Run("several at once", func(t *testing.T) {
		one := record("SUCCESS", "x")
		for _, text := range []string{one + "\n" + one + "\n", "[" + one + "," + one + "]"} {
			if got, _ := told(t, p, statusTopic, text); len(got) != 2 || got[0].Key == got[1].Key {
				t.Errorf("got %+v", got)
			}
		}
	})
	t.Run("a status that is not final", func(t *testing.T) {
		if got, counts := told(t, p, statusTopic, record("PENDING", "x")); len(got) != 0 || counts["sms-status ignored"] != 1 {
			t.Errorf("got %+v %v", got, counts)
		}
	})
}

func TestReplies(t *testing.T) {
	p := snsCertificate(t)
	body := func(text string) string {
		b, err := json.Marshal(map[string]string{
			"originationNumber": "+13125550142", "destinationNumber": "+18005550100", "messageKeyword": "KEYWORD_18005550100",
			"messageBody": text, "inboundMessageId": "in-1", "previousPublishedMessageId": "sns-1",
		})
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	got, _ := told(t, p, inboundTopic, body(" Stop. "))
	want := []message.Report{{
		Provider: "sns", Key: "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324:0", At: now(), Says: message.SaysReply,
		From: "+13125550142", To: "+18005550100", Word: "STOP",
	}}
	if len(got) != 1 || got[0] != want[0] {
		t.Errorf("got %+v", got)
	}
	if got, counts := told(t, p, inboundTopic, body("thanks, when will you come?")); len(got) != 0 || counts["sms-inbound ignored"] != 1 {
		t.Errorf("got %+v %v", got, counts)
	}
}

func TestWord(t *testing.T) {
	for family, texts := range map[string][]string{
		"STOP": {
			"STOP", "stop", "Stop!", "\"stop\"", "STOPALL", "Stop all", "quit", "END", "end.", "Revoke", "opt out", "OPT-OUT", "optout", "Cancel",
			"unsubscribe", "Unsubscribe me", "stop texting me", "ARRET", "arrêt", "Remove", "td", "\u200bstop",
		},
		"HELP":  {"help", "HELP!", "Info"},
		"START": {"start", "Unstop", "YES"},
		"": {
			"", "  ", "…", "ok", "stopped by a fire truck", "the end", "end of the month", "cancel my appointment on Friday", "help me understand my bill",
			"yes please come", "nonstop", "don't stop", "+13125550142",
		},
	} {
		for _, text := range texts {
			if got := hooks.Word(text); got != family {
				t.Errorf("%q is %q, want %q", text, got, family)
			}
		}
	}
}
