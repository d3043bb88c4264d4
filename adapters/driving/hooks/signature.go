package hooks

import (
	"context"
	"crypto/x509"
	"encoding/base64"
	"net/url"
	"regexp"
	"strings"
	"time"

	"carillon/core/fault"
)

// Certificate is what signatures are checked with.
type Certificate = *x509.Certificate

// notification is what SNS posts.
type notification struct {
	Type             string
	MessageID        string `json:"MessageId"`
	Token            string
	TopicArn         string
	Subject          string
	Message          string
	SubscribeURL     string
	Timestamp        string
	SignatureVersion string
	Signature        string
	SigningCertURL   string
}

const (
	typeNotification   = "Notification"
	typeConfirmation   = "SubscriptionConfirmation"
	typeUnsubscription = "UnsubscribeConfirmation"
)

// text is what the signature is over: name and value lines in the order of their names.
func (n notification) text() string {
	var b strings.Builder
	line := func(name, value string) {
		b.WriteString(name)
		b.WriteByte('\n')
		b.WriteString(value)
		b.WriteByte('\n')
	}
	line("Message", n.Message)
	line("MessageId", n.MessageID)
	if n.Type == typeNotification {
		if n.Subject != "" {
			line("Subject", n.Subject)
		}
	} else {
		line("SubscribeURL", n.SubscribeURL)
	}
	line("Timestamp", n.Timestamp)
	if n.Type != typeNotification {
		line("Token", n.Token)
	}
	line("TopicArn", n.TopicArn)
	line("Type", n.Type)
	return b.String()
}

// at is when SNS made the notification.
func (n notification) at() (time.Time, error) { return time.Parse(time.RFC3339, n.Timestamp) }

// believe checks type, age, certificate and signature.
func (e *endpoint) believe(ctx context.Context, now time.Time, n notification) error {
	if err := e.plausible(now, n); err != nil {
		return err
	}
	algorithm := x509.SHA256WithRSA
	switch {
	case n.SignatureVersion == "2":
	case n.SignatureVersion == "1" && e.cfg.Version1:
		algorithm = x509.SHA1WithRSA
	default:
		return fault.New(fault.Forbidden, "the version of the signature is not accepted")
	}
	signature, err := base64.StdEncoding.DecodeString(n.Signature)
	if err != nil {
		return fault.New(fault.Forbidden, "the signature is no Base64")
	}
	if !fromSNS(n.SigningCertURL) {
		return fault.New(fault.Forbidden, "the certificate is not from SNS")
	}
	certificate, err := e.services.Certificates(ctx, n.SigningCertURL)
	if err != nil {
		return err
	}
	if err := certificate.CheckSignature(algorithm, []byte(n.text()), signature); err != nil {
		return fault.Wrap(fault.Forbidden, "the signature does not fit", err)
	}
	return nil
}

// plausible checks what needs no certificate.
func (e *endpoint) plausible(now time.Time, n notification) error {
	switch n.Type {
	case typeNotification, typeConfirmation, typeUnsubscription:
	default:
		return fault.New(fault.Forbidden, "the notification has no known type")
	}
	at, err := n.at()
	if err != nil || n.MessageID == "" || len(n.MessageID) > maxID {
		return fault.New(fault.Forbidden, "the notification has no time or no id")
	}
	if now.Sub(at) > e.cfg.Window || at.Sub(now) > skew {
		return fault.New(fault.Forbidden, "the notification is too old or from the future")
	}
	return nil
}

// maxID bounds a MessageId, which is a UUID.
const maxID = 100

// snsHost matches the whole of a host name of SNS, and nothing that only begins or ends like one.
const snsHost = `^sns\.[a-z]{2}(-[a-z]+)+-[0-9]{1,2}\.amazonaws\.com(\.cn)?$`

// certificatePath matches where SNS keeps its certificates.
const certificatePath = `^/SimpleNotificationService-[0-9A-Za-z_-]{1,128}\.pem$`

// fromSNS reports whether a URL leads to a certificate of SNS.
func fromSNS(text string) bool {
	u, ok := plainHTTPS(text)
	return ok && u.RawQuery == "" && matches(snsHost, u.Host) && matches(certificatePath, u.EscapedPath())
}

// plainHTTPS parses a URL that is https, without user, port or fragment.
func plainHTTPS(text string) (*url.URL, bool) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" || u.User != nil || u.Opaque != "" || u.Fragment != "" || u.Port() != "" {
		return nil, false
	}
	return u, true
}

func matches(pattern, text string) bool {
	ok, err := regexp.MatchString(pattern, text)
	return err == nil && ok
}
