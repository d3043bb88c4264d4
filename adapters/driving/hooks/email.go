package hooks

import (
	"encoding/json"
	"strings"
	"time"

	"carillon/core/fault"
	"carillon/core/message"
)

// messageTag is the tag under which our message id travels with an email.
const messageTag = "carillon_message"

// event is what SES says of an email: an event of a configuration set (eventType) or an older feedback notification
// (notificationType).
type event struct {
	EventType        string `json:"eventType"`
	NotificationType string `json:"notificationType"`
	Mail             struct {
		MessageID   string              `json:"messageId"`
		Timestamp   string              `json:"timestamp"`
		Destination []string            `json:"destination"`
		Tags        map[string][]string `json:"tags"`
	} `json:"mail"`
	Delivery struct {
		Timestamp  string   `json:"timestamp"`
		Recipients []string `json:"recipients"`
	} `json:"delivery"`
	Bounce struct {
		Type       string      `json:"bounceType"`
		SubType    string      `json:"bounceSubType"`
		Timestamp  string      `json:"timestamp"`
		Recipients []addressee `json:"bouncedRecipients"`
	} `json:"bounce"`
	Complaint struct {
		SubType    string      `json:"complaintSubType"`
		Feedback   string      `json:"complaintFeedbackType"`
		Timestamp  string      `json:"timestamp"`
		Recipients []addressee `json:"complainedRecipients"`
	} `json:"complaint"`
	Delay struct {
		Type       string      `json:"delayType"`
		Timestamp  string      `json:"timestamp"`
		Recipients []addressee `json:"delayedRecipients"`
	} `json:"deliveryDelay"`
}

// addressee is a recipient of an event; who it is, our own message knows.
type addressee struct{}

// What SES sends to a topic that it is connected to: a sentence for event publishing, a notification for feedback.
const (
	greeting  = "Successfully validated SNS topic"
	connected = "AmazonSnsSubscriptionSucceeded"
)

// maxRecipients is how many recipients SES takes in one email.
const maxRecipients = 50

func emailEvent(text string, at time.Time) (finding, error) {
	if strings.HasPrefix(text, greeting) {
		return finding{ignored: 1}, nil
	}
	var e event
	if err := json.Unmarshal([]byte(text), &e); err != nil {
		return finding{}, fault.Wrap(fault.Invalid, "the message is no event of SES", err)
	}
	what := e.EventType
	if what == "" {
		what = e.NotificationType
	}
	if what == connected {
		return finding{ignored: 1}, nil
	}
	ref := reference(e.Mail.MessageID)
	if what == "" || ref == "" {
		return finding{}, fault.New(fault.Invalid, "the message is no event of SES")
	}
	r, recipients := e.report(what, at)
	if r.Says == "" {
		return finding{ignored: 1}, nil
	}
	r.Ref = ref
	if ids := e.Mail.Tags[messageTag]; len(ids) == 1 {
		if id, err := message.ParseID(ids[0]); err == nil {
			r.Message = id
		}
	}
	// One report per recipient. Ours have one each; an event without any is about the email.
	reports := make([]message.Report, 0, 1)
	for range min(max(recipients, 1), maxRecipients) {
		reports = append(reports, r)
	}
	return finding{reports: reports}, nil
}

// report is what an event says, and of how many recipients; nothing when it is no event we act on.
func (e event) report(what string, at time.Time) (message.Report, int) {
	switch what {
	case "Send":
		return message.Report{Says: message.SaysTaken, At: moment(e.Mail.Timestamp, at)}, len(e.Mail.Destination)
	case "Delivery":
		return message.Report{Says: message.SaysDelivered, At: moment(e.Delivery.Timestamp, at), Reason: "delivered_to_server"}, len(e.Delivery.Recipients)
	case "Bounce":
		r := bounced(e.Bounce.Type, e.Bounce.SubType)
		r.At = moment(e.Bounce.Timestamp, at)
		return r, len(e.Bounce.Recipients)
	case "Complaint":
		r := message.Report{Says: message.SaysNoted, Reason: "complaint", Code: word(e.Complaint.Feedback), Suppress: "complaint"}
		if e.Complaint.SubType == onAccountList { // SES did not send it
			r = message.Report{Says: message.SaysFailed, Reason: "on_suppression_list", Code: word(e.Complaint.SubType), Suppress: "listed"}
		}
		r.At = moment(e.Complaint.Timestamp, at)
		return r, len(e.Complaint.Recipients)
	case "Reject":
		return message.Report{Says: message.SaysFailed, At: at.UTC(), Reason: "rejected"}, len(e.Mail.Destination)
	case "Rendering Failure":
		return message.Report{Says: message.SaysFailed, At: at.UTC(), Reason: "rendering_failure"}, len(e.Mail.Destination)
	case "DeliveryDelay":
		r := message.Report{Says: message.SaysNoted, Reason: "delayed", Code: word(e.Delay.Type)}
		r.At = moment(e.Delay.Timestamp, at)
		return r, len(e.Delay.Recipients)
	}
	return message.Report{}, 0
}

const onAccountList = "OnAccountSuppressionList"

// bounced is what a bounce says. A transient one is final for its message all the same: SES has given up.
func bounced(kind, sub string) message.Report {
	r := message.Report{Says: message.SaysFailed, Reason: "bounced", Code: word(kind + "/" + sub)}
	switch {
	case kind == "Transient":
		r.Reason = "soft_bounce"
	case kind == "Permanent" && (sub == "Suppressed" || sub == onAccountList):
		r.Reason, r.Suppress = "on_suppression_list", "listed"
	case kind == "Permanent":
		r.Undeliverable = true
	}
	return r
}
