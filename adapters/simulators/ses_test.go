package simulators_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/aws/aws-sdk-go-v2/service/sesv2/types"

	"carillon/adapters/simulators"
	"carillon/adapters/simulators/book"
)

func sesClient(t *testing.T, r *simulators.Running) *sesv2.Client {
	t.Helper()
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return sesv2.New(sesv2.Options{
		Region: "us-east-1", BaseEndpoint: aws.String(r.URLs().SES), Retryer: aws.NopRetryer{},
		Credentials: credentials.NewStaticCredentialsProvider("AKIDTEST", "secret", ""),
		HTTPClient:  &http.Client{Transport: transport, Timeout: 5 * time.Second},
	})
}

func emailTo(to ...string) *sesv2.SendEmailInput {
	return &sesv2.SendEmailInput{
		FromEmailAddress:     aws.String("Notices <notices@utility.example>"),
		Destination:          &types.Destination{ToAddresses: to},
		ConfigurationSetName: aws.String("carillon"),
		EmailTags:            []types.MessageTag{{Name: aws.String("message"), Value: aws.String("01J-1")}},
		Content: &types.EmailContent{Simple: &types.Message{
			Subject: &types.Content{Data: aws.String("Your bill")},
			Body: &types.Body{
				Text: &types.Content{Data: aws.String("It is ready.")},
				Html: &types.Content{Data: aws.String("<p>It is ready.</p>")},
			},
			Headers: []types.MessageHeader{{Name: aws.String("X-Carillon"), Value: aws.String("yes")}},
		}},
	}
}

type sesEvent struct {
	EventType string `json:"eventType"`
	Mail      struct {
		MessageID   string              `json:"messageId"`
		Timestamp   string              `json:"timestamp"`
		Destination []string            `json:"destination"`
		Tags        map[string][]string `json:"tags"`
	} `json:"mail"`
	Delivery *struct {
		Recipients []string `json:"recipients"`
	} `json:"delivery"`
	Bounce *struct {
		BounceType        string `json:"bounceType"`
		BounceSubType     string `json:"bounceSubType"`
		BouncedRecipients []struct {
			EmailAddress   string `json:"emailAddress"`
			DiagnosticCode string `json:"diagnosticCode"`
		} `json:"bouncedRecipients"`
	} `json:"bounce"`
	Complaint *struct {
		Type string `json:"complaintFeedbackType"`
	} `json:"complaint"`
}

// events reads events until each of the wanted types came once.
func events(t *testing.T, h *hook, r *simulators.Running, want ...string) map[string]sesEvent {
	t.Helper()
	_, _, topic := r.Topics()
	got := map[string]sesEvent{}
	for range want {
		var e sesEvent
		if err := json.Unmarshal([]byte(h.notification(t, r, "Notification", topic).Message), &e); err != nil {
			t.Fatal(err)
		}
		got[e.EventType] = e
	}
	for _, kind := range want {
		if got[kind].EventType == "" {
			t.Fatalf("no %s among %v", kind, got)
		}
	}
	return got
}

func TestSES(t *testing.T) {
	t.Parallel()
	h := newHook(t, nil)
	c := calm()
	c.Hooks = simulators.Hooks{Email: h.URL}
	r := start(t, c)
	client := sesClient(t, r)

	out, err := client.SendEmail(t.Context(), emailTo("ann@home.example"))
	if err != nil {
		t.Fatalf("sending: %v", err)
	}
	got := events(t, h, r, "Send", "Delivery")
	delivery := got["Delivery"]
	if delivery.Mail.MessageID != aws.ToString(out.MessageId) || delivery.Delivery.Recipients[0] != "ann@home.example" ||
		delivery.Mail.Tags["message"][0] != "01J-1" || delivery.Mail.Tags["ses:configuration-set"][0] != "carillon" {
		t.Errorf("the delivery is %+v", delivery)
	}
	record, err := r.Book("ses").Wait(soon(t), func(b *book.Record) bool { return b.Op == "send" })
	if err != nil || record.Access != "AKIDTEST" || record.Content != "It is ready." || record.Subject != "Your bill" ||
		record.HTML != "<p>It is ready.</p>" || record.Key != "utility.example" ||
		record.Attributes["header:X-Carillon"] != "yes" || record.ID != aws.ToString(out.MessageId) {
		t.Errorf("the record is %+v, %v", record, err)
	}

	raw := "From: Notices <notices@utility.example>\r\nTo: bob@home.example\r\nSubject: =?utf-8?q?H=C3=A9?=\r\n\r\nHello\r\n"
	_, err = client.SendEmail(t.Context(), &sesv2.SendEmailInput{
		Content: &types.EmailContent{Raw: &types.RawMessage{Data: []byte(raw)}},
	})
	if err != nil {
		t.Fatalf("sending raw: %v", err)
	}
	events(t, h, r, "Send", "Delivery")
	if _, err := r.Book("ses").Wait(soon(t), func(b *book.Record) bool { return b.Subject == "Hé" }); err != nil {
		t.Error(err)
	}

	if _, err := client.SendEmail(t.Context(), emailTo("bounce+7@simulator.amazonses.com")); err != nil {
		t.Fatal(err)
	}
	bounce := events(t, h, r, "Send", "Bounce")["Bounce"].Bounce
	if bounce.BounceType != "Permanent" || bounce.BouncedRecipients[0].EmailAddress != "bounce+7@simulator.amazonses.com" {
		t.Errorf("the bounce is %+v", bounce)
	}
	if _, err := client.SendEmail(t.Context(), emailTo("complaint@simulator.amazonses.com")); err != nil {
		t.Fatal(err)
	}
	if c := events(t, h, r, "Send", "Delivery", "Complaint")["Complaint"].Complaint; c.Type != "abuse" {
		t.Errorf("the complaint is %+v", c)
	}

	account, err := client.GetAccount(t.Context(), &sesv2.GetAccountInput{})
	if err != nil || !account.SendingEnabled || !account.ProductionAccessEnabled ||
		account.SendQuota.MaxSendRate != 1000 || account.SendQuota.SentLast24Hours != 4 {
		t.Errorf("the account is %+v, %v", account, err)
	}
}

func TestSESRefusals(t *testing.T) {
	t.Parallel()
	c := calm()
	c.SES.Domains = []string{"utility.example"}
	c.SES.ConfigurationSets = []string{"carillon"}
	c.SES.Max24HourSend = 60
	r := start(t, c)
	client := sesClient(t, r)
	many := strings.Split(strings.Repeat("ann@home.example ", 51), " ")[:51]
	for _, test := range []struct {
		name   string
		fault  string
		input  *sesv2.SendEmailInput
		change func(*sesv2.SendEmailInput)
		code   string
		status int
	}{
		{name: "too many recipients", input: emailTo(many...), code: "BadRequestException", status: 400},
		{name: "nearly all the day allows", fault: `{"throttlePerSecond":0}`, input: emailTo(many[:50]...)},
		{name: "the day's quota", input: emailTo(many[:50]...), code: "TooManyRequestsException", status: 429},
		{name: "an address that is none", input: emailTo("nobody"), code: "BadRequestException", status: 400},
		{
			name: "another domain", change: func(i *sesv2.SendEmailInput) { i.FromEmailAddress = aws.String("a@b.example") },
			code: "MessageRejected", status: 400,
		},
		{name: "an unknown configuration set", change: func(i *sesv2.SendEmailInput) {
			i.ConfigurationSetName = aws.String("other")
		}, code: "NotFoundException", status: 404},
		{
			name: "a tag that is none", change: func(i *sesv2.SendEmailInput) { i.EmailTags[0].Value = aws.String("a b") },
			code: "BadRequestException", status: 400,
		},
		{name: "a refused address", fault: `{"refuse":["*@home.example"]}`, code: "BadRequestException", status: 400},
		{name: "throttling", fault: `{"error":"TooManyRequestsException"}`, code: "TooManyRequestsException", status: 429},
		{
			name: "a suspended account", fault: `{"error":"AccountSuspendedException"}`,
			code: "AccountSuspendedException", status: 400,
		},
		{name: "a limit", fault: `{"error":"LimitExceededException"}`, code: "LimitExceededException", status: 400},
		{
			name: "an unverified MAIL FROM", fault: `{"error":"MailFromDomainNotVerifiedException"}`,
			code: "MailFromDomainNotVerifiedException", status: 400,
		},
		{name: "paused sending", fault: `{"error":"SendingPausedException"}`, code: "SendingPausedException", status: 400},
		{name: "an outage", fault: `{"down":true}`, status: 503},
	} {
		if test.fault == "" {
			test.fault = `{}`
		}
		fault(t, r, "ses", test.fault)
		if test.input == nil {
			test.input = emailTo("ann@home.example")
		}
		if test.change != nil {
			test.change(test.input)
		}
		_, err := client.SendEmail(t.Context(), test.input)
		got, status := code(t, err)
		if status != test.status || test.code != "" && got != test.code {
			t.Errorf("%s: %q %d (%v), want %q %d", test.name, got, status, err, test.code, test.status)
		}
	}
	fault(t, r, "ses", `{"error":"SendingPausedException"}`)
	account, err := client.GetAccount(t.Context(), &sesv2.GetAccountInput{})
	if err != nil || account.SendingEnabled {
		t.Errorf("a paused account says %+v, %v", account, err)
	}
}

func TestSESFaults(t *testing.T) {
	t.Parallel()
	h := newHook(t, nil)
	c := calm()
	c.Hooks = simulators.Hooks{Email: h.URL}
	r := start(t, c)
	client := sesClient(t, r)
	fault(t, r, "ses?key=utility.example", `{"failReceipts":1,"reason":"smtp; 550 no such box"}`)
	if _, err := client.SendEmail(t.Context(), emailTo("ann@home.example")); err != nil {
		t.Fatal(err)
	}
	bounce := events(t, h, r, "Send", "Bounce")["Bounce"].Bounce
	if bounce.BouncedRecipients[0].DiagnosticCode != "smtp; 550 no such box" {
		t.Errorf("the bounce is %+v", bounce)
	}
	fault(t, r, "ses?key=utility.example", `{"loseAnswers":1}`)
	if _, err := client.SendEmail(t.Context(), emailTo("ann@home.example")); err == nil {
		t.Error("the lost answer came")
	}
	events(t, h, r, "Send", "Delivery")
	fault(t, r, "ses?key=utility.example", `{"noReceipts":1}`)
	if _, err := client.SendEmail(t.Context(), emailTo("silent@home.example")); err != nil {
		t.Fatal(err)
	}
	fault(t, r, "ses?key=utility.example", `{}`)
	if _, err := client.SendEmail(t.Context(), emailTo("loud@home.example")); err != nil {
		t.Fatal(err)
	}
	if got := events(t, h, r, "Send", "Delivery"); got["Send"].Mail.Destination[0] != "loud@home.example" {
		t.Errorf("the silent email spoke: %+v", got)
	}
}
