// Package ses hands mails to Amazon SES v2 (SendEmail).
//
// What it promises: one request for one mail, never a second one; the SDK's own retries are off. Every mail carries
// its message id as the tag carillon_message, which SES repeats in its events. Every failure has a kind, and the line
// between what was not made and what may have been is drawn at the connection: a request that never reached one
// (refused, no such host, no TLS, no time) is Unavailable; one that did and whose answer is missing is Ambiguous,
// because SES takes no idempotency token. An answer of SES with an error in it means that the mail was not taken;
// only a gateway's 502 or 504 without a document of SES is Ambiguous.
//
// What it cannot know: whether the address is on a suppression list (SES takes the mail and an event says it later),
// and whether the mail arrives.
package ses

import (
	"context"
	"maps"
	"math"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/aws/aws-sdk-go-v2/service/sesv2/types"

	"carillon/adapters/kit/flight"
	"carillon/adapters/kit/guard"
	"carillon/channels/email"
	"carillon/core/fault"
	"carillon/core/message"
)

// API is what the adapter needs of SES; [Dial] makes one.
type API interface {
	SendEmail(ctx context.Context, in *sesv2.SendEmailInput, opts ...func(*sesv2.Options)) (*sesv2.SendEmailOutput, error)
	GetAccount(ctx context.Context, in *sesv2.GetAccountInput, opts ...func(*sesv2.Options)) (*sesv2.GetAccountOutput, error)
}

var (
	_ API          = client{}
	_ email.Mailer = (*Mailer)(nil)
)

// MessageTag is the name of the tag that carries the message id.
const MessageTag = "carillon_message"

// The calls of the adapter.
const (
	opSend  = "send"
	opProbe = "probe"
)

// Ops names the calls the adapter makes, for the guard's configuration.
func Ops() []string { return []string{opSend, opProbe} }

// Mailer sends mails through SES. It is safe for use by many goroutines.
type Mailer struct {
	cfg   Config
	api   API
	guard *guard.Guard
}

// New makes a mailer of one route. It fails when cfg is not valid.
func New(cfg Config, api API, g *guard.Guard) (*Mailer, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	return &Mailer{cfg: cfg, api: api, guard: g}, nil
}

// Send sends one mail. Kinds: Refused (address or content), Throttled, Exhausted (the day's quota), Misconfigured
// (credentials, sender not verified, sandbox, paused account), Unavailable (not made, or SES says so), Ambiguous (may
// have been taken), Cancelled (given up; with the code not_begun when nothing was handed over).
func (m *Mailer) Send(ctx context.Context, mail email.Mail) (message.Receipt, error) {
	in, err := m.input(mail)
	if err != nil {
		return message.Receipt{}, err
	}
	return guard.Do(ctx, m.guard, opSend, func(ctx context.Context) (message.Receipt, error) {
		var f flight.Flight
		out, err := m.api.SendEmail(f.Watch(ctx), in)
		if err != nil {
			return message.Receipt{}, classify(err, f.Handed())
		}
		return message.Receipt{Ref: aws.ToString(out.MessageId)}, nil
	})
}

// Quota is what SES allows the account.
type Quota struct {
	Known     bool    // false when SES does not say; the rest is then zero
	PerSecond float64 // recipients
	PerDay    float64 // recipients in 24 hours; negative: no limit
	Sent      float64 // of PerDay
	Sandbox   bool    // only verified addresses are reached
}

// Left is how many recipients the account may still reach; infinite where SES names no limit.
func (q Quota) Left() float64 {
	if !q.Known || q.PerDay < 0 {
		return math.Inf(1)
	}
	return max(q.PerDay-q.Sent, 0)
}

// Quota asks SES for its limits. A policy or an emulator that does not allow the question leaves them unknown. Kinds:
// those of [Mailer.Send]; an account that may not send is Misconfigured.
func (m *Mailer) Quota(ctx context.Context) (Quota, error) {
	var quota Quota
	err := m.guard.Probe(ctx, opProbe, func(ctx context.Context) error {
		var f flight.Flight
		out, err := m.api.GetAccount(f.Watch(ctx), &sesv2.GetAccountInput{})
		switch {
		case err != nil && answers().Answered(err):
			return nil
		case err != nil:
			return classify(err, f.Handed())
		case !out.SendingEnabled:
			return fault.Provider(fault.Misconfigured, "SendingPausedException", "the account may not send", nil)
		}
		quota.Sandbox = !out.ProductionAccessEnabled
		if q := out.SendQuota; q != nil {
			quota.Known, quota.PerSecond, quota.PerDay, quota.Sent = true, q.MaxSendRate, q.Max24HourSend, q.SentLast24Hours
		}
		return nil
	})
	return quota, err
}

// Probe asks SES something that costs nothing and changes nothing. Kinds: those of [Mailer.Quota].
func (m *Mailer) Probe(ctx context.Context) error {
	_, err := m.Quota(ctx)
	return err
}

// input is the request of a mail; a sender that cannot be right is Misconfigured here, so that no message is burned
// for it.
func (m *Mailer) input(mail email.Mail) (*sesv2.SendEmailInput, error) {
	from, err := address(first(mail.Sender["from"], m.cfg.From))
	if err != nil {
		return nil, fault.New(fault.Misconfigured, "send email: the route has no sender that is a mail address")
	}
	in := &sesv2.SendEmailInput{
		FromEmailAddress: aws.String(from),
		Destination:      &types.Destination{ToAddresses: []string{mail.To.Reveal()}},
		EmailTags:        []types.MessageTag{{Name: aws.String(MessageTag), Value: aws.String(mail.ID.String())}},
		Content:          &types.EmailContent{Simple: simple(mail)},
	}
	if reply := first(mail.Sender["reply_to"], m.cfg.ReplyTo); reply != "" {
		to, err := address(reply)
		if err != nil {
			return nil, fault.New(fault.Misconfigured, "send email: the route's reply-to is not a mail address")
		}
		in.ReplyToAddresses = []string{to}
	}
	if set := first(mail.Sender["configuration_set"], m.cfg.ConfigurationSet); set != "" {
		in.ConfigurationSetName = aws.String(set)
	}
	return in, nil
}

func simple(mail email.Mail) *types.Message {
	utf8 := func(text string) *types.Content {
		if text == "" {
			return nil
		}
		return &types.Content{Data: aws.String(text), Charset: aws.String("UTF-8")}
	}
	m := &types.Message{
		Subject: &types.Content{Data: aws.String(mail.Subject), Charset: aws.String("UTF-8")},
		Body:    &types.Body{Text: utf8(mail.Text), Html: utf8(mail.HTML)},
	}
	for _, name := range slices.Sorted(maps.Keys(mail.Headers)) {
		m.Headers = append(m.Headers, types.MessageHeader{Name: aws.String(name), Value: aws.String(mail.Headers[name])})
	}
	return m
}

func first(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}

// client is an API of the SDK's client. It holds the calls, and not the client that has every other call of SES as
// well, so that the linker leaves those out.
type client struct {
	send    func(context.Context, *sesv2.SendEmailInput, ...func(*sesv2.Options)) (*sesv2.SendEmailOutput, error)
	account func(context.Context, *sesv2.GetAccountInput, ...func(*sesv2.Options)) (*sesv2.GetAccountOutput, error)
}

// SendEmail implements [API].
func (c client) SendEmail(ctx context.Context, in *sesv2.SendEmailInput, opts ...func(*sesv2.Options)) (*sesv2.SendEmailOutput, error) {
	return c.send(ctx, in, opts...)
}

// GetAccount implements [API].
func (c client) GetAccount(ctx context.Context, in *sesv2.GetAccountInput, opts ...func(*sesv2.Options)) (
	*sesv2.GetAccountOutput, error,
) {
	return c.account(ctx, in, opts...)
}

// Dial makes the API from the SDK's own settings (environment, shared files, instance roles) and those of cfg. It calls
// nobody. It fails as Misconfigured.
func Dial(ctx context.Context, cfg Config) (API, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	loaded, err := cfg.Load(ctx, service)
	if err != nil {
		return nil, err
	}
	c := sesv2.NewFromConfig(loaded, func(o *sesv2.Options) { o.Retryer = aws.NopRetryer{} }) // only dispatch repeats
	return client{send: c.SendEmail, account: c.GetAccount}, nil
}
