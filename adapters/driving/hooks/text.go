package hooks

import (
	"encoding/json"
	"strings"
	"time"

	"carillon/core/customer"
	"carillon/core/fault"
	"carillon/core/message"
)

// status is the delivery-status record of SNS.
type status struct {
	Notification struct {
		MessageID string `json:"messageId"`
		Timestamp string `json:"timestamp"`
	} `json:"notification"`
	Delivery struct {
		Response string `json:"providerResponse"`
		Dwell    int64  `json:"dwellTimeMs"`
	} `json:"delivery"`
	Status string `json:"status"`
}

// longestDwell bounds how long after a call its status is: SNS's own records lag up to three days.
const longestDwell = 96 * time.Hour

func smsStatus(text string, at time.Time) (finding, error) {
	var found finding
	err := each(text, func(raw json.RawMessage) error {
		var s status
		if err := json.Unmarshal(raw, &s); err != nil {
			return fault.Wrap(fault.Invalid, "the message is no delivery status", err)
		}
		ref := reference(s.Notification.MessageID)
		if ref == "" {
			return fault.New(fault.Invalid, "the message is no delivery status")
		}
		r, known := s.report()
		if !known {
			found.ignored++
			return nil
		}
		dwell := min(max(time.Duration(s.Delivery.Dwell)*time.Millisecond, 0), longestDwell)
		r.Ref, r.At = ref, moment(s.Notification.Timestamp, at.Add(-dwell)).Add(dwell)
		found.reports = append(found.reports, r)
		return nil
	})
	if err != nil {
		return finding{}, err
	}
	return found, nil
}

func (s status) report() (message.Report, bool) {
	switch s.Status {
	case "SUCCESS":
		return message.Report{Says: message.SaysDelivered, Reason: "accepted_by_carrier", Code: s.Status}, true
	case "FAILURE":
		r := failure(s.Delivery.Response)
		r.Says, r.Code = message.SaysFailed, s.Status
		return r, true
	}
	return message.Report{}, false
}

// failure is why a text did not arrive, from the texts of SNS.
func failure(response string) message.Report {
	said := strings.ToLower(strings.TrimSpace(response))
	switch {
	case strings.Contains(said, "opted out"):
		return message.Report{Reason: "opted_out", Suppress: "stop_received"}
	case strings.Contains(said, "invalid phone number"):
		return message.Report{Reason: "invalid_number", Undeliverable: true}
	case strings.Contains(said, "blocked as spam"):
		return message.Report{Reason: "blocked_as_spam"}
	case strings.Contains(said, "on a blocked list"):
		return message.Report{Reason: "on_blocked_list"}
	case strings.Contains(said, "body is invalid"):
		return message.Report{Reason: "invalid_body"}
	case strings.Contains(said, "carrier has blocked"):
		return message.Report{Reason: "carrier_blocked"}
	case strings.Contains(said, "carrier is currently"):
		return message.Report{Reason: "carrier_unavailable"}
	case strings.Contains(said, "has blocked sms"):
		return message.Report{Reason: "phone_blocks_sms"}
	case strings.Contains(said, "phone is currently"):
		return message.Report{Reason: "phone_unreachable"}
	case strings.Contains(said, "max price"):
		return message.Report{Reason: "over_max_price"}
	case strings.Contains(said, "no quota left"):
		return message.Report{Reason: "over_spend_limit"}
	}
	return message.Report{Reason: "unknown_error"}
}

// reply is a text that a recipient wrote back (two-way SMS).
type reply struct {
	From string `json:"originationNumber"`
	To   string `json:"destinationNumber"`
	Body string `json:"messageBody"`
}

func inbound(text string, at time.Time) (finding, error) {
	var in reply
	if err := json.Unmarshal([]byte(text), &in); err != nil {
		return finding{}, fault.Wrap(fault.Invalid, "the message is no text", err)
	}
	if !e164(in.From) {
		return finding{}, fault.New(fault.Invalid, "the message is no text from a number")
	}
	family := Word(in.Body)
	if family == "" {
		return finding{ignored: 1}, nil
	}
	return finding{reports: []message.Report{{
		Says: message.SaysReply, At: at.UTC(), From: customer.Address(in.From), To: reference(in.To), Word: family,
	}}}, nil
}

func e164(number string) bool {
	const shortest, longest = 8, 16
	digits, plus := strings.CutPrefix(number, "+")
	return plus && len(number) >= shortest && len(number) <= longest && digits[0] != '0' && strings.Trim(digits, "0123456789") == ""
}

// The families of words that a recipient can text back.
const (
	wordStop  = "STOP"
	wordHelp  = "HELP"
	wordStart = "START"
)

// Word is the family of what a recipient wrote: STOP, HELP or START, in any case and with any punctuation around it;
// empty for anything else. The words are those of 47 CFR 64.1200(a)(10), of the carriers' rules and of SNS. A text
// that only begins with STOP or UNSUBSCRIBE ("stop texting me") is a STOP as well: revoking by any reasonable means
// counts. One that begins with END or CANCEL may be about anything.
func Word(body string) string {
	words := strings.FieldsFunc(strings.ToUpper(body), func(r rune) bool {
		return (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != 'Ê'
	})
	if len(words) == 0 {
		return ""
	}
	switch strings.Join(words, " ") {
	case "QUIT", "END", "REVOKE", "CANCEL", "OPTOUT", "OPT OUT", "REMOVE", "TD", "ARRET", "ARRÊT":
		return wordStop
	case "HELP", "INFO":
		return wordHelp
	case "START", "UNSTOP", "YES":
		return wordStart
	}
	switch words[0] {
	case "STOP", "STOPALL", "UNSUBSCRIBE":
		return wordStop
	}
	return ""
}
