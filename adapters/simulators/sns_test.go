package simulators_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"
	"github.com/aws/smithy-go"

	"carillon/adapters/simulators"
	"carillon/adapters/simulators/book"
)

func snsClient(t *testing.T, r *simulators.Running) *sns.Client {
	t.Helper()
	transport := &http.Transport{MaxIdleConnsPerHost: 64}
	t.Cleanup(transport.CloseIdleConnections)
	return snsClientOf(r, transport)
}

func snsClientOf(r *simulators.Running, transport http.RoundTripper) *sns.Client {
	return sns.New(sns.Options{
		Region: "us-east-1", BaseEndpoint: aws.String(r.URLs().SNS), Retryer: aws.NopRetryer{},
		Credentials: credentials.NewStaticCredentialsProvider("AKIDTEST", "secret", ""),
		HTTPClient:  &http.Client{Transport: transport, Timeout: 5 * time.Second},
	})
}

func textTo(number, sender string) *sns.PublishInput {
	attribute := func(value string) types.MessageAttributeValue {
		return types.MessageAttributeValue{DataType: aws.String("String"), StringValue: aws.String(value)}
	}
	return &sns.PublishInput{
		PhoneNumber: aws.String(number), Message: aws.String("Your power is back."),
		MessageAttributes: map[string]types.MessageAttributeValue{
			"AWS.SNS.SMS.SMSType": attribute("Transactional"), "AWS.SNS.SMS.SenderID": attribute(sender),
		},
	}
}

// code is the error code and the HTTP status of an SDK error.
func code(t *testing.T, err error) (string, int) {
	t.Helper()
	name, status := "", 0
	if api, told := errors.AsType[smithy.APIError](err); told {
		name = api.ErrorCode()
	}
	if response, answered := errors.AsType[*awshttp.ResponseError](err); answered {
		status = response.HTTPStatusCode()
	}
	return name, status
}

type smsStatus struct {
	Notification struct {
		MessageID string `json:"messageId"`
		Timestamp string `json:"timestamp"`
	} `json:"notification"`
	Delivery struct {
		Destination      string `json:"destination"`
		ProviderResponse string `json:"providerResponse"`
		Parts            int    `json:"numberOfMessageParts"`
	} `json:"delivery"`
	Status string `json:"status"`
}

func TestSNS(t *testing.T) {
	t.Parallel()
	h := newHook(t, nil)
	c := calm()
	c.Hooks = simulators.Hooks{SMSStatus: h.URL, SMSInbound: h.URL}
	c.SNS.OptedOut = []string{"+15555550199"}
	r := start(t, c)
	client := snsClient(t, r)
	statusTopic, inboundTopic, _ := r.Topics()

	confirmation := h.notification(t, r, "SubscriptionConfirmation", statusTopic)
	if status, text := ask(t, http.MethodGet, confirmation.SubscribeURL, ""); status != http.StatusOK {
		t.Errorf("visiting SubscribeURL: %d %s", status, text)
	}
	inbound := h.notification(t, r, "SubscriptionConfirmation", inboundTopic)
	confirmed, err := client.ConfirmSubscription(t.Context(), &sns.ConfirmSubscriptionInput{
		TopicArn: aws.String(inboundTopic), Token: aws.String(inbound.Token),
	})
	if err != nil || !strings.HasPrefix(aws.ToString(confirmed.SubscriptionArn), inboundTopic+":") {
		t.Errorf("confirming: %v %v", confirmed, err)
	}
	for _, s := range r.State().Subscriptions {
		if !s.Confirmed {
			t.Errorf("%s is not confirmed", s.Topic)
		}
	}

	told := func(number string) smsStatus {
		t.Helper()
		out, err := client.Publish(t.Context(), textTo(number, "CARILLON"))
		if err != nil {
			t.Fatalf("publishing: %v", err)
		}
		var s smsStatus
		e := h.notification(t, r, "Notification", statusTopic)
		if err := json.Unmarshal([]byte(e.Message), &s); err != nil {
			t.Fatal(err)
		}
		if s.Notification.MessageID != aws.ToString(out.MessageId) || s.Delivery.Destination != number {
			t.Errorf("the record speaks of another message: %+v", s)
		}
		return s
	}
	if s := told("+15555550100"); s.Status != "SUCCESS" || s.Delivery.Parts != 1 {
		t.Errorf("a text to a good number: %+v", s)
	}
	if s := told("+15555550199"); s.Status != "FAILURE" || s.Delivery.ProviderResponse != "Phone number is opted out" {
		t.Errorf("a text to an opted-out number: %+v", s)
	}
	record, err := r.Book("sns").Wait(soon(t), func(b *book.Record) bool { return b.Op == "publish" })
	if err != nil {
		t.Fatal(err)
	}
	if record.Access != "AKIDTEST" || record.Content != "Your power is back." || record.Length != 19 ||
		record.Key != "CARILLON" || record.Outcome != "accepted" {
		t.Errorf("the record is %+v", record)
	}
	t.Run("a STOP reply is forwarded and opts out", func(t *testing.T) {
		status, text := ask(t, http.MethodPost, r.URLs().Control+"/control/sns/reply",
			`{"from":"+15555550100","to":"12345","body":"stop "}`)
		if status != http.StatusAccepted {
			t.Fatalf("replying: %d %s", status, text)
		}
		var m map[string]string
		e := h.notification(t, r, "Notification", inboundTopic)
		if err := json.Unmarshal([]byte(e.Message), &m); err != nil {
			t.Fatal(err)
		}
		if m["originationNumber"] != "+15555550100" || m["destinationNumber"] != "12345" ||
			m["messageKeyword"] != "STOP" || m["messageBody"] != "stop " || m["previousPublishedMessageId"] != record.ID {
			t.Errorf("the payload is %v", m)
		}
		checked, err := client.CheckIfPhoneNumberIsOptedOut(t.Context(),
			&sns.CheckIfPhoneNumberIsOptedOutInput{PhoneNumber: aws.String("+15555550100")})
		if err != nil || !checked.IsOptedOut {
			t.Errorf("checking: %v %v", checked, err)
		}
		list, err := client.ListPhoneNumbersOptedOut(t.Context(), &sns.ListPhoneNumbersOptedOutInput{})
		if err != nil || len(list.PhoneNumbers) != 2 {
			t.Errorf("listing: %v %v", list, err)
		}
		_, err = client.OptInPhoneNumber(t.Context(), &sns.OptInPhoneNumberInput{PhoneNumber: aws.String("+15555550100")})
		if err != nil || r.State().OptedOut != 1 {
			t.Errorf("opting in: %v, %d are out", err, r.State().OptedOut)
		}
	})
}

func TestSNSRefusals(t *testing.T) {
	t.Parallel()
	r := start(t, calm())
	client := snsClient(t, r)
	for _, test := range []struct {
		name   string
		fault  string
		change func(*sns.PublishInput)
		code   string
		status int
	}{
		{
			name: "a number that is none", change: func(i *sns.PublishInput) { i.PhoneNumber = aws.String("5551") },
			code: "InvalidParameter", status: 400,
		},
		{
			name: "two targets", change: func(i *sns.PublishInput) { i.TopicArn = aws.String("arn:x") },
			code: "InvalidParameter", status: 400,
		},
		{
			name: "too long a text", change: func(i *sns.PublishInput) { i.Message = aws.String(strings.Repeat("x", 1601)) },
			code: "InvalidParameter", status: 400,
		},
		{name: "a sender id that is none", change: func(i *sns.PublishInput) {
			i.MessageAttributes["AWS.SNS.SMS.SenderID"] = types.MessageAttributeValue{
				DataType: aws.String("String"), StringValue: aws.String("no sender id"),
			}
		}, code: "ParameterValueInvalid", status: 400},
		{name: "a refused number", fault: `{"refuse":["+1555555*"]}`, code: "InvalidParameter", status: 400},
		{name: "throttling", fault: `{"error":"Throttling"}`, code: "Throttling", status: 400},
		{name: "no permission", fault: `{"error":"AuthorizationError"}`, code: "AuthorizationError", status: 403},
		{name: "an internal error", fault: `{"error":"InternalError"}`, code: "InternalError", status: 500},
		{name: "an outage", fault: `{"down":true}`, status: 503},
	} {
		if test.fault == "" {
			test.fault = `{}`
		}
		fault(t, r, "sns", test.fault)
		input := textTo("+15555550100", "CARILLON")
		if test.change != nil {
			test.change(input)
		}
		_, err := client.Publish(t.Context(), input)
		got, status := code(t, err)
		if err == nil || status != test.status || test.code != "" && got != test.code {
			t.Errorf("%s: %q %d (%v), want %q %d", test.name, got, status, err, test.code, test.status)
		}
	}
	fault(t, r, "sns", `{}`)
	status, text := ask(t, http.MethodPost, r.URLs().SNS+"/", "Action=Publish&PhoneNumber=%2B15555550100&Message=x",
		"Content-Type", "application/x-www-form-urlencoded")
	if status != http.StatusForbidden || !strings.Contains(string(text), "MissingAuthenticationToken") {
		t.Errorf("an unsigned request: %d %s", status, text)
	}
	status, text = ask(t, http.MethodPost, r.URLs().SNS+"/", "Action=Publish&PhoneNumber=%2B15555550100&Message=x",
		"Content-Type", "application/x-www-form-urlencoded", "Authorization",
		"AWS4-HMAC-SHA256 Credential=A/20260101/us-east-1/ses/aws4_request, SignedHeaders=host, Signature=0")
	if status != http.StatusForbidden || !strings.Contains(string(text), "correct service") {
		t.Errorf("a request signed for another service: %d %s", status, text)
	}
}

func TestSNSFaults(t *testing.T) {
	t.Parallel()
	h := newHook(t, nil)
	c := calm()
	c.Hooks = simulators.Hooks{SMSStatus: h.URL}
	r := start(t, c)
	client := snsClient(t, r)
	statusTopic, _, _ := r.Topics()
	ctx := t.Context()

	fault(t, r, "sns?key=ONE", `{"down":true}`)
	if _, err := client.Publish(ctx, textTo("+15555550101", "ONE")); err == nil {
		t.Error("the route that is down answers")
	}
	if _, err := client.Publish(ctx, textTo("+15555550102", "TWO")); err != nil {
		t.Errorf("the other route: %v", err)
	}
	h.notification(t, r, "Notification", statusTopic)
	if _, err := client.GetSMSAttributes(ctx, &sns.GetSMSAttributesInput{}); err != nil {
		t.Errorf("the probe while one route is down: %v", err)
	}
	fault(t, r, "sns", `{"down":true}`)
	if _, err := client.GetSMSAttributes(ctx, &sns.GetSMSAttributesInput{}); err == nil {
		t.Error("the probe answers while all is down")
	}
	if status, _ := ask(t, http.MethodDelete, r.URLs().Control+"/control/sns", ""); status != http.StatusOK {
		t.Error("the faults cannot be cleared")
	}
	attributes, err := client.GetSMSAttributes(ctx, &sns.GetSMSAttributesInput{})
	if err != nil || attributes.Attributes["MonthlySpendLimit"] == "" {
		t.Errorf("the probe in health: %v %v", attributes, err)
	}

	fault(t, r, "sns", `{"loseAnswers":1}`)
	if _, err := client.Publish(ctx, textTo("+15555550103", "ONE")); err == nil {
		t.Error("the lost answer came")
	}
	lost, err := r.Book("sns").Wait(soon(t), func(b *book.Record) bool { return b.Answer == "lost" })
	if err != nil || lost.Outcome != "accepted" || lost.ID == "" {
		t.Fatalf("the lost call was not taken: %+v %v", lost, err)
	}
	var s smsStatus
	e := h.notification(t, r, "Notification", statusTopic)
	if err := json.Unmarshal([]byte(e.Message), &s); err != nil || s.Notification.MessageID != lost.ID {
		t.Errorf("the lost call's status is %+v, %v", s, err)
	}

	fault(t, r, "sns", `{"lateAnswers":1,"lateMillis":30,"failReceipts":1,"reason":"Blocked as spam by phone carrier"}`)
	before := time.Now()
	if _, err := client.Publish(ctx, textTo("+15555550104", "ONE")); err != nil || time.Since(before) < 30*time.Millisecond {
		t.Errorf("the late answer came after %v: %v", time.Since(before), err)
	}
	e = h.notification(t, r, "Notification", statusTopic)
	if err := json.Unmarshal([]byte(e.Message), &s); err != nil || s.Status != "FAILURE" ||
		s.Delivery.ProviderResponse != "Blocked as spam by phone carrier" {
		t.Errorf("the failing status is %+v, %v", s, err)
	}

	fault(t, r, "sns", `{"throttlePerSecond":2,"noReceipts":1}`)
	throttled := 0
	for range 6 {
		_, err := client.Publish(ctx, textTo("+15555550105", "ONE"))
		if got, _ := code(t, err); got == "Throttling" {
			throttled++
		}
	}
	if throttled == 0 || throttled == 6 {
		t.Errorf("%d of 6 were throttled", throttled)
	}

	if status, _ := ask(t, http.MethodPut, r.URLs().Control+"/control/sns", `{"loseAnswers":2}`); status != 422 {
		t.Errorf("a rate above 1 is answered with %d", status)
	}
	if status, _ := ask(t, http.MethodPut, r.URLs().Control+"/control/sns", `{"donw":true}`); status != 400 {
		t.Errorf("an unknown field is answered with %d", status)
	}
	if status, _ := ask(t, http.MethodPut, r.URLs().Control+"/control/fax", `{}`); status != 404 {
		t.Errorf("an unknown simulator is answered with %d", status)
	}
}
