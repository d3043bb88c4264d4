package sns

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"carillon/adapters/simulators/book"
	"carillon/adapters/simulators/faults"
	"carillon/adapters/simulators/stage"
)

// statusRecord is the delivery-status log record of SNS.
type statusRecord struct {
	Notification statusNotification `json:"notification"`
	Delivery     statusDelivery     `json:"delivery"`
	Status       string             `json:"status"`
}

type statusNotification struct {
	MessageID string `json:"messageId"`
	Timestamp string `json:"timestamp"`
}

type statusDelivery struct {
	Carrier     string  `json:"phoneCarrier,omitempty"`
	MNC         int     `json:"mnc"`
	Parts       int     `json:"numberOfMessageParts"`
	Destination string  `json:"destination"`
	Price       float64 `json:"priceInUSD"`
	Kind        string  `json:"smsType"`
	MCC         int     `json:"mcc"`
	Response    string  `json:"providerResponse"`
	Dwell       int     `json:"dwellTimeMs"`
	DwellDevice int     `json:"dwellTimeMsUntilDeviceAck,omitempty"`
}

const (
	accepted = "Message has been accepted by phone carrier"
	optedOut = "Phone number is opted out"
)

// failures are the texts of SNS for what went wrong at the carrier.
func failures() []string {
	return []string{
		"Phone is currently unreachable/unavailable",
		"Unknown error attempting to reach phone",
		"Phone carrier is currently unreachable/unavailable",
		"Invalid phone number",
		"Blocked as spam by phone carrier",
		"Phone carrier has blocked this message",
		"Destination is on a blocked list",
		"Phone has blocked SMS",
	}
}

// report tells later what became of a text.
func (s *Simulator) report(t text, id string, f faults.Fault) {
	fate := func(what string) float64 { return s.stage.Dice.Fate(what, t.number, t.body) }
	if fate("silence") < f.SilenceRate(s.stage.Profile.NoReceipts) {
		return
	}
	response := accepted
	if _, out := s.out.Get(t.number); out {
		response = optedOut
	} else if fate("carrier") < f.FailRate(s.stage.Profile.SMSFail) {
		texts := failures()
		response = first(f.Reason, texts[int(fate("reason")*float64(len(texts)))])
	}
	sent := s.stage.Clock()
	wait := s.stage.Dice.Within(s.stage.Profile.Receipts)
	queued := s.stage.Later.After(wait, func(context.Context) {
		s.poster.Publish(s.config.StatusTopic, status(t, id, response, sent, wait), id)
	})
	if !queued {
		s.stage.Book.Write(book.Record{Op: "notification", Reference: id, Key: s.config.StatusTopic, Outcome: "dropped"})
	}
}

func status(t text, id, response string, sent time.Time, wait time.Duration) string {
	r := statusRecord{
		Notification: statusNotification{MessageID: id, Timestamp: sent.UTC().Format("2006-01-02 15:04:05.000")},
		Delivery: statusDelivery{
			Parts: t.parts, Destination: t.number, Price: 0.00645 * float64(t.parts), Kind: t.kind,
			Response: response, Dwell: int(wait.Milliseconds()),
		},
		Status: "FAILURE",
	}
	if response == accepted {
		r.Status = "SUCCESS"
		r.Delivery.Carrier, r.Delivery.MNC, r.Delivery.MCC = "Simulated Wireless", 270, 310
		r.Delivery.DwellDevice = r.Delivery.Dwell + 745
	}
	line, _ := json.Marshal(r) // strings and numbers only
	return string(line)
}

// Reply is a text that somebody sends back.
type Reply struct {
	// From is the number of the person.
	From string `json:"from"`
	// To is the number that the person answers to.
	To string `json:"to"`
	// Body is what the person writes.
	Body string `json:"body"`
}

// ErrReply tells that a reply lacks its numbers or its body.
var ErrReply = errors.New("a reply needs from and to as E.164 numbers, or to as a short code, and a body")

// inboundMessage is the payload of two-way SMS.
type inboundMessage struct {
	Origination string `json:"originationNumber"`
	Destination string `json:"destinationNumber"`
	Keyword     string `json:"messageKeyword"`
	Body        string `json:"messageBody"`
	ID          string `json:"inboundMessageId"`
	Previous    string `json:"previousPublishedMessageId,omitempty"`
}

// Receive takes a reply from a person and notifies it; it returns the inbound message id. An opt-out word opts the
// number out and START in again, unless opt-outs are self-managed.
func (s *Simulator) Receive(r Reply) (string, error) {
	to := strings.TrimPrefix(r.To, "+")
	if !stage.E164(r.From) || len(to) < 5 || strings.Trim(to, "0123456789") != "" || r.Body == "" {
		return "", ErrReply
	}
	word := strings.ToUpper(strings.TrimSpace(r.Body))
	if !s.config.SelfManaged {
		switch word {
		case "ARRET", "CANCEL", "END", "OPT-OUT", "OPTOUT", "QUIT", "REMOVE", "STOP", "TD", "UNSUBSCRIBE":
			s.out.Put(r.From, true)
		case "START", "UNSTOP":
			s.out.Remove(r.From)
		}
	}
	id := s.stage.Dice.ID()
	previous, _ := s.last.Get(r.From)
	keyword, _, _ := strings.Cut(word, " ")
	message, _ := json.Marshal(inboundMessage{ // strings only
		Origination: r.From, Destination: r.To, Keyword: keyword, Body: r.Body, ID: id, Previous: previous,
	})
	s.stage.Book.Write(book.Record{
		Op: "inbound", ID: id, Reference: previous, From: r.From, To: []string{r.To},
		Length: len([]rune(r.Body)), Content: r.Body, Outcome: "accepted",
	})
	s.poster.Publish(s.config.InboundTopic, string(message), id)
	return id, nil
}

// OptOut opts a number out, or in again.
func (s *Simulator) OptOut(number string, out bool) {
	outcome := "in"
	if out {
		outcome = "out"
		s.out.Put(number, true)
	} else {
		s.out.Remove(number)
	}
	s.stage.Book.Write(book.Record{Op: "optout", To: []string{number}, Outcome: outcome})
}
