// Package sns hands texts to Amazon SNS (Publish to a phone number).
//
// What it promises: one request for one text, never a second one; the SDK's own retries are off. Every failure has a
// kind, and the line between what was not made and what may have been is drawn at the connection: a request that
// never reached one (refused, no such host, no TLS, no time) is Unavailable; one that did and whose answer is missing
// is Ambiguous, because SNS takes no idempotency token. An answer of SNS with an error in it means that the text was
// not taken, a 500 InternalError too; only a gateway's 502 or 504 without a document of SNS is Ambiguous.
//
// What it cannot know: whether the number is opted out (Publish succeeds and the delivery status says it later), and
// whether the text arrives; the reference of the receipt is what the status record is matched by.
package sns

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"

	"carillon/adapters/kit/flight"
	"carillon/adapters/kit/guard"
	"carillon/channels/sms"
	"carillon/core/fault"
	"carillon/core/message"
)

// API is what the adapter needs of SNS; [Dial] makes one.
type API interface {
	Publish(ctx context.Context, in *sns.PublishInput, opts ...func(*sns.Options)) (*sns.PublishOutput, error)
	GetSMSAttributes(ctx context.Context, in *sns.GetSMSAttributesInput, opts ...func(*sns.Options)) (
		*sns.GetSMSAttributesOutput, error)
}

var (
	_ API         = client{}
	_ sms.Carrier = (*Carrier)(nil)
)

// The calls of the adapter.
const (
	opPublish = "publish"
	opProbe   = "probe"
)

// Ops names the calls the adapter makes, for the guard's configuration.
func Ops() []string { return []string{opPublish, opProbe} }

// Carrier sends texts through SNS. It is safe for use by many goroutines.
type Carrier struct {
	cfg   Config
	api   API
	guard *guard.Guard
}

// New makes a carrier of one route. It fails when cfg is not valid.
func New(cfg Config, api API, g *guard.Guard) (*Carrier, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	return &Carrier{cfg: cfg.withDefaults(), api: api, guard: g}, nil
}

// Send publishes one text. Kinds: Refused (number or content), Throttled, Exhausted, Misconfigured (credentials,
// sender, sandbox), Unavailable (not made, or SNS says so), Ambiguous (may have been taken), Cancelled (given up; with
// the code not_begun when nothing was handed over).
func (c *Carrier) Send(ctx context.Context, t sms.Text) (message.Receipt, error) {
	in, err := c.input(t)
	if err != nil {
		return message.Receipt{}, err
	}
	return guard.Do(ctx, c.guard, opPublish, func(ctx context.Context) (message.Receipt, error) {
		var f flight.Flight
		out, err := c.api.Publish(f.Watch(ctx), in)
		if err != nil {
			return message.Receipt{}, classify(err, f.Handed())
		}
		return message.Receipt{Ref: aws.ToString(out.MessageId)}, nil
	})
}

// Probe asks SNS something that costs nothing and changes nothing. A policy or an emulator that does not allow the
// question has answered it: SNS is reached. Kinds: those of [Carrier.Send].
func (c *Carrier) Probe(ctx context.Context) error {
	return c.guard.Probe(ctx, opProbe, func(ctx context.Context) error {
		var f flight.Flight
		_, err := c.api.GetSMSAttributes(f.Watch(ctx), &sns.GetSMSAttributesInput{})
		if answers().Answered(err) {
			return nil
		}
		return classify(err, f.Handed())
	})
}

// The names of the attributes of a text.
const (
	attributeSender = "AWS.SNS.SMS.SenderID"
	attributeType   = "AWS.SNS.SMS.SMSType"
	attributePrice  = "AWS.SNS.SMS.MaxPrice"
	attributeOrigin = "AWS.MM.SMS.OriginationNumber"
)

// input is the request of a text; a sender that SNS would refuse for every text is Misconfigured here, so that no
// message is burned for it.
func (c *Carrier) input(t sms.Text) (*sns.PublishInput, error) {
	sender, number := first(t.Sender["sender_id"], c.cfg.SenderID), first(t.Sender["number"], c.cfg.Number)
	if sender != "" && !senderID(sender) {
		return nil, fault.New(fault.Misconfigured, "publish: "+wrongSender)
	}
	if number != "" && !origination(number) {
		return nil, fault.New(fault.Misconfigured, "publish: "+wrongNumber)
	}
	attributes := map[string]types.MessageAttributeValue{}
	set := func(name, kind, value string) {
		if value != "" {
			attributes[name] = types.MessageAttributeValue{DataType: aws.String(kind), StringValue: aws.String(value)}
		}
	}
	set(attributeSender, "String", sender)
	set(attributeOrigin, "String", number)
	if t.Urgent {
		set(attributeType, "String", Transactional)
	} else {
		set(attributeType, "String", c.cfg.Type)
		set(attributePrice, "Number", c.cfg.MaxPrice)
	}
	return &sns.PublishInput{
		PhoneNumber: aws.String(t.To.Reveal()), Message: aws.String(t.Body), MessageAttributes: attributes,
	}, nil
}

func first(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}

// client is an API of the SDK's client. It holds the calls, and not the client that has every other call of SNS as
// well, so that the linker leaves those out.
type client struct {
	publish    func(context.Context, *sns.PublishInput, ...func(*sns.Options)) (*sns.PublishOutput, error)
	attributes func(context.Context, *sns.GetSMSAttributesInput, ...func(*sns.Options)) (*sns.GetSMSAttributesOutput, error)
}

// Publish implements [API].
func (c client) Publish(ctx context.Context, in *sns.PublishInput, opts ...func(*sns.Options)) (*sns.PublishOutput, error) {
	return c.publish(ctx, in, opts...)
}

// GetSMSAttributes implements [API].
func (c client) GetSMSAttributes(ctx context.Context, in *sns.GetSMSAttributesInput, opts ...func(*sns.Options)) (
	*sns.GetSMSAttributesOutput, error,
) {
	return c.attributes(ctx, in, opts...)
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
	c := sns.NewFromConfig(loaded, func(o *sns.Options) { o.Retryer = aws.NopRetryer{} }) // only dispatch repeats
	return client{publish: c.Publish, attributes: c.GetSMSAttributes}, nil
}
