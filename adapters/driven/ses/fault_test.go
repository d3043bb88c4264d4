package ses

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"carillon/core/fault"
)

// answered is an error as the SDK makes it of an answer.
func answered(status int, cause error) error {
	return &smithy.OperationError{ServiceID: "SES", OperationName: "SendEmail", Err: &awshttp.ResponseError{
		ResponseError: &smithyhttp.ResponseError{
			Response: &smithyhttp.Response{Response: &http.Response{StatusCode: status}}, Err: cause,
		},
	}}
}

func coded(code, text string) error { return &smithy.GenericAPIError{Code: code, Message: text} }

func TestClassify(t *testing.T) {
	number := "someone@example.com"
	codes := map[fault.Kind]string{
		fault.Refused: "MessageRejected BadRequestException InvalidParameterValue ValidationError ValidationException",
		fault.Throttled: "TooManyRequestsException Throttling ThrottlingException ThrottledException RequestThrottled " +
			"RequestThrottledException RequestLimitExceeded SlowDown",
		fault.Exhausted: "LimitExceeded LimitExceededException ServiceQuotaExceededException",
		fault.Misconfigured: "AccountSuspendedException SendingPausedException MailFromDomainNotVerifiedException " +
			"NotFoundException AccessDenied AccessDeniedException NotAuthorized InvalidClientTokenId " +
			"UnrecognizedClientException SignatureDoesNotMatch InvalidSignatureException IncompleteSignature " +
			"IncompleteSignatureException MissingAuthenticationToken MissingAuthenticationTokenException ExpiredToken " +
			"ExpiredTokenException RequestExpired OptInRequired UnknownOperationException",
		fault.Unavailable: "InternalServiceErrorException InternalFailure InternalServerError InternalServerException " +
			"ServiceUnavailable ServiceUnavailableException RequestTimeout RequestTimeoutException",
		fault.Unknown: "NeverHeardOfIt",
	}
	for kind, list := range codes {
		for code := range strings.FieldsSeq(list) {
			t.Run(code+" is "+kind.String(), func(t *testing.T) {
				err := classify(answered(400, coded(code, "about "+number)), true)
				if !fault.Is(err, kind) {
					t.Errorf("fault %v", err)
				}
				if kind != fault.Unknown && fault.CodeOf(err) != code {
					t.Errorf("code %q", fault.CodeOf(err))
				}
				if strings.Contains(err.Error(), number) {
					t.Errorf("the fault tells the address: %v", err)
				}
			})
		}
	}
	for status, kind := range map[int]fault.Kind{
		200: fault.Ambiguous, 301: fault.Misconfigured, 400: fault.Unknown, 401: fault.Misconfigured, 403: fault.Misconfigured,
		404: fault.Misconfigured, 405: fault.Misconfigured, 408: fault.Unavailable, 429: fault.Throttled, 500: fault.Unavailable,
		502: fault.Ambiguous, 503: fault.Unavailable, 504: fault.Ambiguous,
	} {
		t.Run(fmt.Sprintf("%d without a document is %v", status, kind), func(t *testing.T) {
			if err := classify(answered(status, &smithy.DeserializationError{Err: io.EOF}), true); !fault.Is(err, kind) {
				t.Errorf("fault %v", err)
			}
		})
	}
	send := func(cause error) error { return &smithyhttp.RequestSendError{Err: cause} }
	for _, c := range []struct {
		name   string
		err    error
		handed bool
		want   fault.Kind
	}{
		{"a high rate is throttled", coded("TooManyRequestsException", "Maximum sending rate exceeded."), true, fault.Throttled},
		{"a spent day is exhausted", coded("TooManyRequestsException", "Daily message quota exceeded."), true, fault.Exhausted},
		{"an unverified identity is misconfigured", coded("MessageRejected", "Email address is not verified."), true, fault.Misconfigured},
		{"an unlisted code without a status is unknown", coded("NeverHeardOfIt", ""), true, fault.Unknown},
		{"a refused connection is unavailable", send(errors.New("connection refused")), false, fault.Unavailable},
		{"a reset after the request is ambiguous", send(io.EOF), true, fault.Ambiguous},
		{"no time for a connection is unavailable", &smithy.CanceledError{Err: context.DeadlineExceeded}, false, fault.Unavailable},
		{"no time for an answer is ambiguous", &smithy.CanceledError{Err: context.DeadlineExceeded}, true, fault.Ambiguous},
		{"given up after the request is cancelled", &smithy.CanceledError{Err: context.Canceled}, true, fault.Cancelled},
		{"given up before the request is cancelled", &smithy.CanceledError{Err: context.Canceled}, false, fault.Cancelled},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := classify(&smithy.OperationError{ServiceID: "SES", OperationName: "SendEmail", Err: c.err}, c.handed)
			if !fault.Is(err, c.want) {
				t.Errorf("fault %v; want %v", err, c.want)
			}
		})
	}
}
