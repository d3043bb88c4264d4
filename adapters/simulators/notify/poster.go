package notify

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"sync"
	"time"

	"carillon/adapters/simulators/book"
	"carillon/adapters/simulators/stage"
)

// Poster delivers the notifications of one simulator to the hooks of its topics.
type Poster struct {
	stage  *stage.Stage
	signer *Signer

	mu     sync.Mutex
	topics map[string]*subscription
}

// subscription is one hook of one topic.
type subscription struct {
	hook      string
	arn       string
	token     string
	confirmed bool
}

// NewPoster returns a poster without subscriptions.
func NewPoster(s *stage.Stage, signer *Signer) *Poster {
	return &Poster{stage: s, signer: signer, topics: map[string]*subscription{}}
}

// Subscribe makes the hook the one that gets the topic's notifications, and sends it one SubscriptionConfirmation
// whose SubscribeURL leads to the SNS simulator at the given base URL. Notifications do not wait for the
// confirmation. An empty hook ends the subscription.
func (p *Poster) Subscribe(topic, hook, base string) {
	if hook == "" {
		p.mu.Lock()
		delete(p.topics, topic)
		p.mu.Unlock()
		return
	}
	id := p.stage.Dice.ID()
	sub := &subscription{hook: hook, arn: topic + ":" + id, token: stage.UUID("token", id) + stage.UUID("rest", id)}
	p.mu.Lock()
	p.topics[topic] = sub
	p.mu.Unlock()
	if base == "" {
		return // there is no SNS to confirm at
	}
	query := url.Values{"Action": {"ConfirmSubscription"}, "TopicArn": {topic}, "Token": {sub.token}}
	p.send(sub, Envelope{
		Type: TypeConfirmation, TopicArn: topic, Token: sub.token,
		Message: "You have chosen to subscribe to the topic " + topic +
			".\nTo confirm the subscription, visit the SubscribeURL included in this message.",
		SubscribeURL: base + "/?" + query.Encode(),
	}, "confirmation", "")
}

// Confirm confirms the subscription of a topic by its token and returns the subscription's ARN.
func (p *Poster) Confirm(topic, token string) (string, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	sub, found := p.topics[topic]
	if !found || sub.token != token {
		return "", false
	}
	sub.confirmed = true
	return sub.arn, true
}

// Publish sends a message to the hook of the topic, now and then twice. The reference is the id of what the message
// reports on; it goes into the record.
func (p *Poster) Publish(topic, message, reference string) {
	p.mu.Lock()
	sub, found := p.topics[topic]
	p.mu.Unlock()
	if !found {
		p.stage.Book.Write(book.Record{
			Op: "notification", Reference: reference, Key: topic, Content: message, Outcome: "no_hook",
		})
		return
	}
	p.send(sub, Envelope{Type: TypeNotification, TopicArn: topic, Message: message}, "notification", reference)
}

// Subscription is a hook as the control listener shows it.
type Subscription struct {
	// Topic is the ARN of the topic.
	Topic string `json:"topic"`
	// Hook is the URL that gets its notifications.
	Hook string `json:"hook"`
	// Confirmed says that the receiver confirmed the subscription.
	Confirmed bool `json:"confirmed"`
}

// State lists the subscriptions.
func (p *Poster) State() []Subscription {
	p.mu.Lock()
	defer p.mu.Unlock()
	list := make([]Subscription, 0, len(p.topics))
	for topic, sub := range p.topics {
		list = append(list, Subscription{Topic: topic, Hook: sub.hook, Confirmed: sub.confirmed})
	}
	return list
}

// delivery is one notification on its way.
type delivery struct {
	sub       *subscription
	envelope  Envelope
	body      []byte
	op        string
	reference string
	tries     int
}

func (p *Poster) send(sub *subscription, e Envelope, op, reference string) {
	e.MessageID = p.stage.Dice.ID()
	e.Timestamp = p.stage.Clock().UTC().Format("2006-01-02T15:04:05.000Z")
	if e.Type == TypeNotification {
		e.UnsubscribeURL = "https://sns.us-east-1.amazonaws.com/?Action=Unsubscribe&SubscriptionArn=" +
			url.QueryEscape(sub.arn)
	}
	d := delivery{sub: sub, envelope: e, op: op, reference: reference}
	p.enqueue(d, 0)
	if e.Type == TypeNotification && p.stage.Dice.Chance(p.stage.Profile.Duplicates) {
		p.enqueue(d, p.stage.Dice.Within(p.stage.Profile.Receipts))
	}
}

func (p *Poster) enqueue(d delivery, wait time.Duration) {
	if !p.stage.Later.After(wait, func(ctx context.Context) { p.deliver(ctx, d) }) {
		p.record(d, "dropped", 0)
	}
}

// deliver makes one try; SNS repeats what got no answer, a 429 or a 5xx, and gives up on any other refusal of a
// notification.
func (p *Poster) deliver(ctx context.Context, d delivery) {
	if d.body == nil {
		signed, err := p.signer.Sign(d.envelope)
		if err == nil {
			d.body, err = json.Marshal(signed)
		}
		if err != nil {
			p.stage.Log.Error("notification not signed", slog.String("simulator", p.stage.Name), slog.Any("error", err))
			p.record(d, "given_up", 0)
			return
		}
	}
	d.tries++
	status, err := p.post(ctx, d)
	if ctx.Err() != nil {
		return
	}
	if err == nil && status/100 == 2 {
		p.record(d, "delivered", status)
		return
	}
	final := status/100 == 4 && status != http.StatusTooManyRequests && d.envelope.Type == TypeNotification
	wait, again := p.stage.Retry.Wait(d.tries)
	if final || !again {
		p.stage.Log.Warn("notification given up", slog.String("simulator", p.stage.Name), slog.String("topic", d.envelope.TopicArn),
			slog.String("notification", d.envelope.MessageID), slog.Int("tries", d.tries), slog.Int("status", status))
		p.record(d, "given_up", status)
		return
	}
	p.enqueue(d, wait)
}

func (p *Poster) post(ctx context.Context, d delivery) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, p.stage.Retry.Timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, d.sub.hook, bytes.NewReader(d.body))
	if err != nil {
		return 0, fmt.Errorf("making a notification: %w", err)
	}
	req.Header.Set("Content-Type", "text/plain; charset=UTF-8")
	req.Header.Set("User-Agent", "Amazon Simple Notification Service Agent")
	req.Header.Set("X-Amz-Sns-Message-Type", d.envelope.Type)
	req.Header.Set("X-Amz-Sns-Message-Id", d.envelope.MessageID)
	req.Header.Set("X-Amz-Sns-Topic-Arn", d.envelope.TopicArn)
	if d.envelope.Type == TypeNotification {
		req.Header.Set("X-Amz-Sns-Subscription-Arn", d.sub.arn)
	}
	resp, err := p.stage.Client.Do(req)
	if err != nil {
		return 0, fmt.Errorf("posting a notification: %w", err)
	}
	defer resp.Body.Close() //nolint:errcheck // nothing is lost with it
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10))
	return resp.StatusCode, nil
}

func (p *Poster) record(d delivery, outcome string, status int) {
	p.stage.Book.Write(book.Record{
		Op: d.op, ID: d.envelope.MessageID, Reference: d.reference, Key: d.envelope.TopicArn,
		Length: len([]rune(d.envelope.Message)), Content: d.envelope.Message,
		Outcome: outcome, Status: status, Attempts: d.tries,
	})
}
