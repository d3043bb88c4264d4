// Package email is what an email is: whom it can reach, what its subject, text and HTML may hold, and which headers
// go with it. It declares the port of whoever sends it, [Mailer].
package email

import (
	"context"
	"strings"

	"carillon/core/fault"
	"carillon/core/message"
)

// UnsubscribeWord is the sender word of a route that says where a reader can take back consent: an https or mailto
// address. Marketing goes out with it as List-Unsubscribe.
const UnsubscribeWord = "unsubscribe"

// Channel is the medium on the side of acceptance: it checks addresses and fills templates. Its zero value is ready.
type Channel struct{}

// Sender is the medium on the side of dispatch: it takes accepted messages to one route's mailer.
type Sender struct {
	mailer Mailer
	sender map[string]string
}

// NewSender binds a mailer and the route's sender words.
func NewSender(mailer Mailer, sender map[string]string) *Sender {
	return &Sender{mailer: mailer, sender: sender}
}

// Send calls the mailer once for each message of the batch, in order, and answers in that order. An answer's error
// is the mailer's fault; Invalid when the message is no email; Misconfigured when the route's words make no header;
// Cancelled or Unavailable with the code not_begun when the context was over before the call.
func (s *Sender) Send(ctx context.Context, batch []message.Taken) []message.Answer {
	answers := make([]message.Answer, len(batch))
	for i, taken := range batch {
		mail, err := s.mail(taken.Message)
		if err == nil {
			err = fault.NotBegun(ctx, "the mail was not begun")
		}
		if err != nil {
			answers[i].Err = err
			continue
		}
		answers[i].Receipt, answers[i].Err = s.mailer.Send(ctx, mail)
	}
	return answers
}

// Units is how many recipients a message has: what mailers limit.
func (*Sender) Units(message.Message) int { return 1 }

func (s *Sender) mail(m message.Message) (Mail, error) {
	c, err := m.Filled()
	if err != nil || c.Parts[subject] == "" || c.Parts[text] == "" {
		return Mail{}, fault.New(fault.Invalid, "the message holds no email")
	}
	headers, err := s.headers(m)
	if err != nil {
		return Mail{}, err
	}
	return Mail{
		ID: m.ID, To: m.Recipient.Address, Subject: c.Parts[subject], Text: c.Parts[text], HTML: c.Parts[html],
		Headers: headers, Sender: s.sender,
	}, nil
}

// headers are those of RFC 2369 and, for a web address, RFC 8058 (one click): marketing can be left where it is read.
func (s *Sender) headers(m message.Message) (map[string]string, error) {
	link := s.sender[UnsubscribeWord]
	if !m.Marketing || link == "" {
		return nil, nil
	}
	web := strings.HasPrefix(link, "https://")
	if !web && !strings.HasPrefix(link, "mailto:") || len(link) > maxLine-2 || strings.ContainsFunc(link, outsideURI) {
		return nil, fault.New(fault.Misconfigured, "the route's sender word unsubscribe is an https or mailto address")
	}
	headers := map[string]string{"List-Unsubscribe": "<" + link + ">"}
	if web {
		headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
	}
	return headers, nil
}

// outsideURI tells the characters that could end a header's address or line.
func outsideURI(r rune) bool { return r <= ' ' || r >= 0x7f || strings.ContainsRune(`<>"`, r) }
