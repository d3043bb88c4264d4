package ses

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"carillon/adapters/simulators/book"
	"carillon/adapters/simulators/faults"
)

// event is the record of event publishing; one of its objects is set.
type event struct {
	Type      string          `json:"eventType"`
	Mail      mailObject      `json:"mail"`
	Send      *struct{}       `json:"send,omitempty"`
	Delivery  *deliveryObject `json:"delivery,omitempty"`
	Bounce    *bounceObject   `json:"bounce,omitempty"`
	Complaint *complaint      `json:"complaint,omitempty"`
	Reject    *reject         `json:"reject,omitempty"`
	Delay     *delay          `json:"deliveryDelay,omitempty"`
}

type mailObject struct {
	Timestamp   string              `json:"timestamp"`
	Source      string              `json:"source"`
	SourceArn   string              `json:"sourceArn"`
	Account     string              `json:"sendingAccountId"`
	MessageID   string              `json:"messageId"`
	Destination []string            `json:"destination"`
	Truncated   bool                `json:"headersTruncated"`
	Headers     []header            `json:"headers"`
	Common      commonHeaders       `json:"commonHeaders"`
	Tags        map[string][]string `json:"tags"`
}

type header struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

type commonHeaders struct {
	From      []string `json:"from"`
	To        []string `json:"to"`
	MessageID string   `json:"messageId"`
	Subject   string   `json:"subject"`
}

type deliveryObject struct {
	Timestamp    string   `json:"timestamp"`
	Millis       int64    `json:"processingTimeMillis"`
	Recipients   []string `json:"recipients"`
	SMTPResponse string   `json:"smtpResponse"`
	ReportingMTA string   `json:"reportingMTA"`
}

type bounceObject struct {
	Type         string      `json:"bounceType"`
	SubType      string      `json:"bounceSubType"`
	Recipients   []recipient `json:"bouncedRecipients"`
	Timestamp    string      `json:"timestamp"`
	FeedbackID   string      `json:"feedbackId"`
	ReportingMTA string      `json:"reportingMTA,omitempty"`
}

type recipient struct {
	Address    string `json:"emailAddress"`
	Action     string `json:"action,omitempty"`
	Status     string `json:"status,omitempty"`
	Diagnostic string `json:"diagnosticCode,omitempty"`
}

type complaint struct {
	SubType    *string     `json:"complaintSubType"`
	Recipients []recipient `json:"complainedRecipients"`
	Timestamp  string      `json:"timestamp"`
	FeedbackID string      `json:"feedbackId"`
	UserAgent  string      `json:"userAgent"`
	Feedback   string      `json:"complaintFeedbackType"`
	Arrival    string      `json:"arrivalDate"`
}

type reject struct {
	Reason string `json:"reason"`
}

type delay struct {
	Type       string      `json:"delayType"`
	Expiration string      `json:"expirationTime"`
	Timestamp  string      `json:"timestamp"`
	Recipients []recipient `json:"delayedRecipients"`
}

const reporter = "a8-31.smtp-out.amazonses.com"

// report tells later what became of an email: Send, then for each recipient what its fate is.
func (s *Simulator) report(e email, id string, f faults.Fault) {
	sent := s.stage.Clock()
	base := event{Mail: mailOf(e, id, sent)}
	if s.stage.Dice.Fate("silence", id) < f.SilenceRate(s.stage.Profile.NoReceipts) {
		return
	}
	if strings.Contains(e.text+e.html, eicar) {
		base.Type, base.Reject = "Reject", &reject{Reason: "Bad content"}
		s.later(base, s.stage.Dice.Within(s.stage.Profile.Receipts))
		return
	}
	send := base
	send.Type, send.Send = "Send", &struct{}{}
	wait := s.stage.Dice.Within(s.stage.Profile.Receipts)
	s.later(send, wait/4)
	for _, to := range e.to {
		for _, told := range s.fate(e, to, f) {
			told.Mail = base.Mail
			s.later(told, wait)
			wait += s.stage.Dice.Within(s.stage.Profile.Receipts)
		}
	}
}

// eicar is the test text that every virus scanner knows.
const eicar = "X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"

// fate is the events of one recipient, in their order; their times are set when they are told.
func (s *Simulator) fate(e email, to string, f faults.Fault) []event {
	profile := s.stage.Profile
	key := strings.ToLower(to)
	box, host, _ := strings.Cut(key, "@")
	if host == "simulator.amazonses.com" {
		return mailbox(box, to, f.Reason)
	}
	if _, found := s.suppressed.Get(key); found {
		return []event{bounced(to, "Permanent", "OnAccountSuppressionList", "")}
	}
	roll := func(what string) float64 { return s.stage.Dice.Fate(what, key, e.subject, e.text) }
	switch {
	case f.FailReceipts != nil && roll("fail") < *f.FailReceipts: // told to: the address stays good
		return []event{bounced(to, "Permanent", "General", f.Reason)}
	case f.FailReceipts == nil && s.stage.Dice.Fate("bounce", key) < profile.Bounce:
		s.suppressed.Put(key, "bounce")
		return []event{bounced(to, "Permanent", "General", f.Reason)}
	case f.FailReceipts == nil && roll("soft") < profile.SoftBounce:
		return []event{bounced(to, "Transient", "MailboxFull", f.Reason)}
	case roll("delay") < profile.Delay:
		return []event{delayed(to), delivered(to)}
	case roll("complaint") < profile.Complaint:
		s.suppressed.Put(key, "complaint")
		return []event{delivered(to), complained(to)}
	default:
		return []event{delivered(to)}
	}
}

// mailbox is the events of an address of the mailbox simulator of SES, whose boxes may carry labels.
func mailbox(box, to, reason string) []event {
	box, _, _ = strings.Cut(box, "+")
	switch box {
	case "bounce":
		return []event{bounced(to, "Permanent", "General", reason)}
	case "suppressionlist":
		return []event{bounced(to, "Permanent", "OnAccountSuppressionList", "")}
	case "complaint":
		return []event{delivered(to), complained(to)}
	default:
		return []event{delivered(to)}
	}
}

// later tells an event after a wait.
func (s *Simulator) later(e event, wait time.Duration) {
	queued := s.stage.Later.After(wait, func(context.Context) {
		s.poster.Publish(s.config.Topic, s.written(e, wait), e.Mail.MessageID)
	})
	if !queued {
		s.stage.Book.Write(book.Record{
			Op: "notification", Reference: e.Mail.MessageID, Key: s.config.Topic, Outcome: "dropped",
		})
	}
}

// written is the event as text, with the time of its telling.
func (s *Simulator) written(e event, wait time.Duration) string {
	now := s.stage.Clock().UTC()
	at := stamp(now)
	switch {
	case e.Delivery != nil:
		d := *e.Delivery
		d.Timestamp, d.Millis = at, wait.Milliseconds()
		e.Delivery = &d
	case e.Bounce != nil:
		b := *e.Bounce
		b.Timestamp, b.FeedbackID = at, s.stage.Dice.ID()
		e.Bounce = &b
	case e.Complaint != nil:
		c := *e.Complaint
		c.Timestamp, c.Arrival, c.FeedbackID = at, at, s.stage.Dice.ID()
		e.Complaint = &c
	case e.Delay != nil:
		d := *e.Delay
		d.Timestamp, d.Expiration = at, stamp(now.Add(12*time.Hour))
		e.Delay = &d
	}
	text, _ := json.Marshal(e) // strings and numbers only
	return string(text)
}

func mailOf(e email, id string, sent time.Time) mailObject {
	m := mailObject{
		Timestamp: stamp(sent), Source: e.from, Account: "123456789012", MessageID: id, Destination: e.to,
		SourceArn: "arn:aws:ses:us-east-1:123456789012:identity/" + e.domain,
		Headers:   []header{{"From", e.from}, {"To", strings.Join(e.to, ", ")}, {"Subject", e.subject}},
		Common:    commonHeaders{From: []string{e.from}, To: e.to, MessageID: id, Subject: e.subject},
		Tags: map[string][]string{
			"ses:from-domain": {e.domain}, "ses:caller-identity": {"carillon"}, "ses:source-ip": {"192.0.2.10"},
		},
	}
	for _, h := range e.headers {
		m.Headers = append(m.Headers, header(h))
	}
	if e.set != "" {
		m.Tags["ses:configuration-set"] = []string{e.set}
	}
	for _, tag := range e.tags {
		m.Tags[tag.Name] = append(m.Tags[tag.Name], tag.Value)
	}
	return m
}

func delivered(to string) event {
	return event{Type: "Delivery", Delivery: &deliveryObject{
		Recipients: []string{to}, SMTPResponse: "250 2.6.0 Message received", ReportingMTA: reporter,
	}}
}

func bounced(to, kind, sub, reason string) event {
	r := recipient{Address: to, Action: "failed", Status: "5.1.1", Diagnostic: "smtp; 550 5.1.1 user unknown"}
	switch {
	case sub == "OnAccountSuppressionList":
		r.Diagnostic = "Amazon SES did not send the message to this address because it is on the suppression list " +
			"for your account."
	case kind == "Transient":
		r.Status, r.Diagnostic = "4.2.2", "smtp; 452 4.2.2 mailbox full"
	}
	if reason != "" {
		r.Diagnostic = reason
	}
	return event{Type: "Bounce", Bounce: &bounceObject{
		Type: kind, SubType: sub, Recipients: []recipient{r}, ReportingMTA: "dns; " + reporter,
	}}
}

func complained(to string) event {
	return event{Type: "Complaint", Complaint: &complaint{
		Recipients: []recipient{{Address: to}}, UserAgent: "Simulated Feedback Loop", Feedback: "abuse",
	}}
}

func delayed(to string) event {
	return event{Type: "DeliveryDelay", Delay: &delay{
		Type: "TransientCommunicationFailure", Recipients: []recipient{{
			Address: to, Status: "4.4.1", Diagnostic: "smtp; 421 4.4.1 Unable to connect to remote host",
		}},
	}}
}

func stamp(at time.Time) string {
	return at.UTC().Format("2006-01-02T15:04:05.000Z")
}
