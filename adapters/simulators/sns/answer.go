package sns

import (
	"encoding/xml"
	"net/http"
	"strconv"

	"carillon/adapters/simulators/stage"
)

const namespace = "http://sns.amazonaws.com/doc/2010-03-31/"

// problem is an error answer of SNS; without a text it gets the usual one of its code.
type problem struct {
	code string
	text string
}

// status is the HTTP status that SNS gives with the code.
func (p problem) status() int {
	switch p.code {
	case "AuthorizationError", "AccessDenied", "InvalidSecurity", "InvalidClientTokenId", "SignatureDoesNotMatch",
		"MissingAuthenticationToken", "OptInRequired":
		return http.StatusForbidden
	case "NotFound", "ResourceNotFound":
		return http.StatusNotFound
	case "Throttled":
		return http.StatusTooManyRequests
	case "InternalError", "InternalFailure":
		return http.StatusInternalServerError
	case "ServiceUnavailable":
		return http.StatusServiceUnavailable
	default: // InvalidParameter, Throttling and most others
		return http.StatusBadRequest
	}
}

func (p problem) message() string {
	if p.text != "" {
		return p.text
	}
	switch p.code {
	case "Throttling", "ThrottlingException", "Throttled":
		return "Rate exceeded"
	case "AuthorizationError":
		return "User is not authorized to perform: SNS:Publish"
	case "InvalidClientTokenId":
		return "The security token included in the request is invalid."
	case "InternalError", "InternalFailure":
		return "We encountered an internal error. Please try again."
	default:
		return "The request was refused with " + p.code
	}
}

type errorBody struct {
	XMLName xml.Name `xml:"ErrorResponse"`
	Space   string   `xml:"xmlns,attr"`
	Type    string   `xml:"Error>Type"`
	Code    string   `xml:"Error>Code"`
	Message string   `xml:"Error>Message"`
	Request string   `xml:"RequestId"`
}

// refuse answers with an error.
func (c *call) refuse(p problem) {
	fault := "Sender"
	if p.status() >= http.StatusInternalServerError {
		fault = "Receiver"
	}
	c.write(p.status(), errorBody{
		Space: namespace, Type: fault, Code: p.code, Message: p.message(), Request: c.request,
	})
}

// result is an answer; its fields are those of every action, of which one is set.
type result struct {
	action string

	Publish *publishResult `xml:"PublishResult,omitempty"`
	Get     *getResult     `xml:"GetSMSAttributesResult,omitempty"`
	Check   *checkResult   `xml:"CheckIfPhoneNumberIsOptedOutResult,omitempty"`
	List    *listResult    `xml:"ListPhoneNumbersOptedOutResult,omitempty"`
	OptIn   *struct{}      `xml:"OptInPhoneNumberResult,omitempty"`
	Confirm *confirmResult `xml:"ConfirmSubscriptionResult,omitempty"`
	Request string         `xml:"ResponseMetadata>RequestId"`
}

type publishResult struct {
	MessageID string `xml:"MessageId"`
}

type getResult struct {
	Entries []entry `xml:"attributes>entry"`
}

type entry struct {
	Key   string `xml:"key"`
	Value string `xml:"value"`
}

type checkResult struct {
	OptedOut bool `xml:"isOptedOut"`
}

type listResult struct {
	Numbers []string `xml:"phoneNumbers>member"`
	Next    string   `xml:"nextToken,omitempty"`
}

type confirmResult struct {
	Arn string `xml:"SubscriptionArn"`
}

func publishAnswer(id string) result {
	return result{action: "Publish", Publish: &publishResult{MessageID: id}}
}

func attributesAnswer() result {
	return result{action: "GetSMSAttributes", Get: &getResult{Entries: []entry{
		{Key: "MonthlySpendLimit", Value: "1000"},
		{Key: "DefaultSMSType", Value: "Transactional"},
		{Key: "DeliveryStatusSuccessSamplingRate", Value: "100"},
	}}}
}

func optInAnswer() result { return result{action: "OptInPhoneNumber", OptIn: &struct{}{}} }

func checkAnswer(out bool) result {
	return result{action: "CheckIfPhoneNumberIsOptedOut", Check: &checkResult{OptedOut: out}}
}

// listAnswer is a page of a hundred numbers; the token is where the page begins.
func listAnswer(numbers []string, token string) result {
	const page = 100
	from, err := strconv.Atoi(token)
	if err != nil || from < 0 || from > len(numbers) {
		from = 0
	}
	to := min(from+page, len(numbers))
	list := &listResult{Numbers: numbers[from:to]}
	if to < len(numbers) {
		list.Next = strconv.Itoa(to)
	}
	return result{action: "ListPhoneNumbersOptedOut", List: list}
}

func confirmAnswer(arn string) result {
	return result{action: "ConfirmSubscription", Confirm: &confirmResult{Arn: arn}}
}

func (c *call) answer(r result) {
	r.Request = c.request
	c.write(http.StatusOK, struct {
		XMLName xml.Name
		Space   string `xml:"xmlns,attr"`
		result
	}{XMLName: xml.Name{Local: r.action + "Response"}, Space: namespace, result: r})
}

func (c *call) write(status int, body any) {
	c.w.Header().Set("Content-Type", "text/xml")
	stage.Write(c.w, c.request, status, xml.Marshal, body)
}
