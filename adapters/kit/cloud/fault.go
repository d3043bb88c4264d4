package cloud

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"

	"carillon/core/fault"
)

// Table is what one service answers: the kind of each of its codes.
type Table struct {
	// Call names the call in the text of a fault, as "publish".
	Call string
	// KindOf gives an error that the service told its kind, by code and message; fault.Unknown for one that is not
	// the service's own, and it falls to the codes that all services of AWS share.
	KindOf func(code, message string) fault.Kind
	// Unasked are the service's own codes by which it says that it does not answer a probe's question.
	Unasked []string
}

// Classify gives an error of the SDK its kind. Handed says whether the service may have the request. What a service
// writes can hold an address; of an error only its code is kept.
func (t Table) Classify(err error, handed bool) error {
	if known := (*credentialsError)(nil); errors.As(err, &known) {
		return known.fault(t.Call)
	}
	var api smithy.APIError
	var answer *awshttp.ResponseError
	told, answered := errors.As(err, &api), errors.As(err, &answer) && answer.HTTPStatusCode() != 0
	switch {
	case told && t.kindOf(api) != fault.Unknown:
		return fault.Provider(t.kindOf(api), api.ErrorCode(), t.Call, err)
	case answered:
		return fault.Provider(kindOfStatus(answer.HTTPStatusCode()), strconv.Itoa(answer.HTTPStatusCode()), t.Call, err)
	case told:
		return fault.Provider(fault.Unknown, "unlisted", t.Call, err)
	}
	switch {
	case errors.Is(err, context.Canceled) && !handed:
		return fault.Provider(fault.Cancelled, fault.CodeNotBegun, t.Call+" was given up before it was made", err)
	case errors.Is(err, context.Canceled):
		return fault.Wrap(fault.Cancelled, t.Call+" was given up", err)
	case handed:
		return fault.Wrap(fault.Ambiguous, t.Call+" was made and has no answer", err)
	default:
		return fault.Wrap(fault.Unavailable, t.Call+" did not reach the provider", err)
	}
}

// Answered reports whether a probe's question was answered: with what it asked, or with the word that this one may
// not be asked here, as a policy or an emulator says it.
func (t Table) Answered(err error) bool {
	if err == nil {
		return true
	}
	if known := (*credentialsError)(nil); errors.As(err, &known) {
		return false
	}
	if api, told := errors.AsType[smithy.APIError](err); told {
		switch api.ErrorCode() {
		case "AccessDenied", "AccessDeniedException", "NotAuthorized", "UnknownOperationException":
			return true
		}
		for _, code := range t.Unasked {
			if api.ErrorCode() == code {
				return true
			}
		}
	}
	var answer *awshttp.ResponseError
	return errors.As(err, &answer) && answer.HTTPStatusCode() == http.StatusNotFound
}

func (t Table) kindOf(err smithy.APIError) fault.Kind {
	kind := t.KindOf(err.ErrorCode(), strings.ToLower(err.ErrorMessage()))
	if kind == fault.Unknown {
		return KindOfCommon(err.ErrorCode())
	}
	return kind
}

// KindOfCommon is the kind of a code that any service of AWS can answer, as the errors common to all its actions and
// the SDK's own lists of throttles; fault.Unknown for every other.
func KindOfCommon(code string) fault.Kind {
	switch code {
	case "InvalidParameterValue", "ValidationError", "ValidationException":
		return fault.Refused
	case "Throttling", "ThrottlingException", "ThrottledException", "RequestThrottled", "RequestThrottledException",
		"RequestLimitExceeded", "TooManyRequestsException", "SlowDown":
		return fault.Throttled
	case "LimitExceeded", "LimitExceededException", "ServiceQuotaExceededException":
		return fault.Exhausted
	case "AccessDenied", "AccessDeniedException", "NotAuthorized", "InvalidClientTokenId", "UnrecognizedClientException",
		"SignatureDoesNotMatch", "InvalidSignatureException", "IncompleteSignature", "MissingAuthenticationToken",
		"MissingAuthenticationTokenException", "ExpiredToken", "ExpiredTokenException", "RequestExpired", "OptInRequired",
		"UnknownOperationException":
		return fault.Misconfigured
	case "InternalFailure", "InternalServerError", "ServiceUnavailable", "ServiceUnavailableException", "RequestTimeout":
		return fault.Unavailable
	}
	return fault.Unknown
}

// kindOfStatus is what an answer without a known code says by its status.
func kindOfStatus(status int) fault.Kind {
	switch {
	case status == http.StatusTooManyRequests:
		return fault.Throttled
	case status == http.StatusUnauthorized, status == http.StatusForbidden, status == http.StatusNotFound,
		status == http.StatusMethodNotAllowed, status/100 == 3:
		return fault.Misconfigured // another's door: a proxy, a wrong endpoint
	case status == http.StatusRequestTimeout:
		return fault.Unavailable
	case status == http.StatusBadGateway, status == http.StatusGatewayTimeout, status/100 == 2:
		return fault.Ambiguous // passed on and the answer lost; taken and the answer unreadable
	case status >= http.StatusInternalServerError:
		return fault.Unavailable
	}
	return fault.Unknown // a code nobody has classified
}

// credentials marks what goes wrong while the credentials are fetched: that is about another service than the one
// that is called, and the call was not made.
type credentials struct{ aws.CredentialsProvider }

// Retrieve implements [aws.CredentialsProvider].
func (c credentials) Retrieve(ctx context.Context) (aws.Credentials, error) {
	got, err := c.CredentialsProvider.Retrieve(ctx)
	if err != nil {
		return aws.Credentials{}, &credentialsError{cause: err}
	}
	return got, nil
}

type credentialsError struct{ cause error }

// Error implements error.
func (*credentialsError) Error() string { return "the credentials cannot be had" }

// Unwrap returns the cause.
func (e *credentialsError) Unwrap() error { return e.cause }

// fault is Misconfigured, but where the service that gives the credentials is only late or down.
func (e *credentialsError) fault(call string) error {
	text := call + " was not made: the credentials cannot be had"
	var answer *awshttp.ResponseError
	switch {
	case errors.Is(e.cause, context.Canceled):
		return fault.Provider(fault.Cancelled, fault.CodeNotBegun, text, e)
	case errors.Is(e.cause, context.DeadlineExceeded),
		errors.As(e.cause, &answer) && (answer.HTTPStatusCode() >= 500 || answer.HTTPStatusCode() == 429):
		return fault.Wrap(fault.Unavailable, text, e)
	}
	return fault.Wrap(fault.Misconfigured, text, e)
}
