// Package hooks takes what providers report over HTTP: the notifications that SNS posts, signed, with SES events, SMS
// delivery-status records and the texts that recipients write back.
//
// Nobody signs in here. A notification is believed when its topic is one of those configured, its certificate is from
// SNS itself, its signature fits, and it is not old. It is answered with success only after everything it reports is
// durable; SNS repeats what was answered with a 5xx and drops what was answered with a 4xx.
package hooks

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"time"

	"carillon/core/fault"
	"carillon/core/message"
)

// Path is where the endpoint stands in the contract.
const Path = "/v1/hooks/sns"

// Config is how notifications are taken.
type Config struct {
	// Topics says what each topic carries, by its ARN. Others are refused.
	Topics map[string]Topic
	// Version1 lets signatures of version 1 (SHA-1) in, besides version 2.
	Version1 bool
	// Window is how old a notification may be; 90 minutes when 0. SNS repeats one for at most an hour.
	Window time.Duration
	// MaxBody is how many bytes a notification may have; 1 MiB when 0. SNS sends at most 256 KiB, escaped.
	MaxBody int64
	// Clock says what time it is.
	Clock func() time.Time
	// Log gets a line for everything that is refused or fails. No line holds a person's data.
	Log *slog.Logger
	// Observe is told what became of notifications and of what is in them, for metrics: a count under one of the words
	// of [Outcomes]. It may be nil.
	Observe func(kind Kind, outcome string, count int)
}

// Kind is what a topic carries.
type Kind string

// The kinds.
const (
	EmailEvents Kind = "email-events" // SES event publishing or feedback notifications
	SMSStatus   Kind = "sms-status"   // delivery-status records of SNS, as its logs hold them
	SMSInbound  Kind = "sms-inbound"  // two-way SMS: what recipients write back
)

// Kinds lists every kind.
func Kinds() []Kind { return []Kind{EmailEvents, SMSStatus, SMSInbound} }

// Topic is one topic.
type Topic struct {
	Kind     Kind
	Provider string // the provider's word in reports: ses, sns
}

// The outcomes.
const (
	reported   = "reported"   // reports that are durable now
	ignored    = "ignored"    // events and texts that say nothing we act on
	confirmed  = "confirmed"  // subscriptions
	refused    = "refused"    // notifications that were not believed or not understood
	unfinished = "unfinished" // notifications that SNS is to repeat
)

// Outcomes lists every outcome.
func Outcomes() []string { return []string{reported, ignored, confirmed, refused, unfinished} }

// unknownKind labels notifications whose topic is not known.
const unknownKind Kind = "unknown"

// Services are what the hooks need; all are needed.
type Services struct {
	Inbox        Inbox
	Certificates CertificateSource
	Confirm      Confirmer
}

// Inbox takes reports.
type Inbox interface {
	// Receive returns when the reports are durable; one that is there already is passed over. fault.Unavailable.
	Receive(ctx context.Context, now time.Time, reports []message.Report) error
}

// CertificateSource returns the certificate at a SigningCertURL, which has been checked to lead to SNS. A certificate
// that is not to be trusted is fault.Forbidden; one that could not be had is fault.Unavailable.
type CertificateSource func(ctx context.Context, url string) (Certificate, error)

// Confirmer confirms a subscription by calling its SubscribeURL. A URL that does not lead to SNS is fault.Forbidden.
type Confirmer func(ctx context.Context, url string) error

const (
	defaultWindow  = 90 * time.Minute
	defaultMaxBody = 1 << 20
	skew           = 5 * time.Minute // by which SNS's clock may be ahead of ours
)

// New returns the endpoint.
func New(cfg Config, services Services) (http.Handler, error) {
	if cfg.Window == 0 {
		cfg.Window = defaultWindow
	}
	if cfg.MaxBody == 0 {
		cfg.MaxBody = defaultMaxBody
	}
	if cfg.Observe == nil {
		cfg.Observe = func(Kind, string, int) {}
	}
	if err := errors.Join(cfg.check(), services.check()); err != nil {
		return nil, fmt.Errorf("serving the hooks: %w", err)
	}
	return &endpoint{cfg: cfg, services: services}, nil
}

func (c Config) check() error {
	var wrong []error
	if c.Clock == nil || c.Log == nil {
		wrong = append(wrong, errors.New("a clock and a log are needed"))
	}
	if c.Window < 0 || c.MaxBody < 0 {
		wrong = append(wrong, errors.New("the window and the body limit are not negative"))
	}
	for arn, t := range c.Topics {
		switch t.Kind {
		case EmailEvents, SMSStatus, SMSInbound:
		default:
			wrong = append(wrong, fmt.Errorf("topic %s carries %q, which is not among %v", arn, t.Kind, Kinds()))
		}
		if t.Provider == "" {
			wrong = append(wrong, fmt.Errorf("topic %s names no provider", arn))
		}
	}
	return errors.Join(wrong...)
}

func (s Services) check() error {
	if s.Inbox == nil || s.Certificates == nil || s.Confirm == nil {
		return errors.New("an inbox, a source of certificates and a confirmer are needed")
	}
	return nil
}

// endpoint is the handler.
type endpoint struct {
	cfg      Config
	services Services
}

// ServeHTTP takes one notification.
func (e *endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		e.answer(w, http.StatusMethodNotAllowed, "method_not_allowed", "The path has no such method.")
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, e.cfg.MaxBody))
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		e.cfg.Observe(unknownKind, refused, 1)
		e.answer(w, http.StatusRequestEntityTooLarge, "too_large", "The body is too large.")
		return
	}
	var n notification
	if err != nil || json.Unmarshal(body, &n) != nil {
		e.cfg.Observe(unknownKind, refused, 1)
		e.answer(w, http.StatusBadRequest, "malformed", "The body is no notification.")
		return
	}
	topic, err := e.take(r.Context(), n)
	if err != nil {
		e.fail(r.Context(), w, n, topic, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// take believes a notification, or not, and does what it asks for.
func (e *endpoint) take(ctx context.Context, n notification) (Topic, error) {
	topic, pinned := e.cfg.Topics[n.TopicArn]
	if !pinned {
		return Topic{Kind: unknownKind}, fault.New(fault.Forbidden, "the topic is not one of those configured")
	}
	now := e.cfg.Clock()
	if err := e.believe(ctx, now, n); err != nil {
		return topic, err
	}
	switch n.Type {
	case typeConfirmation:
		if err := e.services.Confirm(ctx, n.SubscribeURL); err != nil {
			return topic, err
		}
		e.cfg.Log.InfoContext(ctx, "subscription confirmed", slog.String("topic", n.TopicArn))
		e.cfg.Observe(topic.Kind, confirmed, 1)
		return topic, nil
	case typeUnsubscription:
		e.cfg.Log.WarnContext(ctx, "somebody ended a subscription; reports stop until it is made again", slog.String("topic", n.TopicArn))
		e.cfg.Observe(topic.Kind, ignored, 1)
		return topic, nil
	}
	found, err := read(topic, n)
	if err != nil {
		return topic, err
	}
	if len(found.reports) > 0 {
		if err := e.services.Inbox.Receive(ctx, now, found.reports); err != nil {
			return topic, kept{err}
		}
	}
	e.cfg.Observe(topic.Kind, reported, len(found.reports))
	e.cfg.Observe(topic.Kind, ignored, found.ignored)
	return topic, nil
}

// kept is the failure to keep reports: whatever its kind, SNS is to repeat.
type kept struct{ error }

// Unwrap returns the cause.
func (k kept) Unwrap() error { return k.error }

// fail answers for a notification that was not taken: with a 4xx when repeating it is of no use, else with a 503.
func (e *endpoint) fail(ctx context.Context, w http.ResponseWriter, n notification, topic Topic, err error) {
	status, kind := http.StatusServiceUnavailable, fault.KindOf(err)
	var keeping kept
	switch {
	case errors.As(err, &keeping):
	case kind == fault.Forbidden:
		status = http.StatusForbidden
	case kind == fault.Invalid:
		status = http.StatusUnprocessableEntity
	}
	outcome, level := refused, slog.LevelWarn
	if status == http.StatusServiceUnavailable {
		outcome, level = unfinished, slog.LevelError
	}
	e.cfg.Observe(topic.Kind, outcome, 1)
	attrs := []slog.Attr{
		slog.String("carries", string(topic.Kind)), slog.String("outcome", outcome), slog.String("kind", kind.String()),
		slog.String("error", err.Error()),
	}
	if topic.Kind != unknownKind { // what an unknown sender writes does not reach the log
		attrs = append(attrs, slog.String("topic", n.TopicArn))
	}
	e.cfg.Log.LogAttrs(ctx, level, "notification not taken", attrs...)
	switch status {
	case http.StatusForbidden:
		e.answer(w, status, fault.Forbidden.String(), "The notification is not believed.")
	case http.StatusUnprocessableEntity:
		e.answer(w, status, fault.Invalid.String(), "The notification is not what its topic carries.")
	default:
		e.answer(w, status, fault.Unavailable.String(), "Not now.")
	}
}

// answer sends a problem document. It does not say more than it must: whoever asks is unknown.
func (e *endpoint) answer(w http.ResponseWriter, status int, word, title string) {
	text, err := json.Marshal(map[string]any{"type": "urn:carillon:problem:" + word, "title": title, "status": status})
	if err != nil { // strings and numbers always marshal
		text = []byte("{}")
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_, _ = w.Write(text) // a sender that hung up is none of our business
}
