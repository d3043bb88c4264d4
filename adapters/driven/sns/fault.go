package sns

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"

	"carillon/adapters/kit/guard"
	"carillon/core/fault"
)

// classify gives an error of the SDK its kind. Handed says whether SNS may have the request. The texts of SNS can
// hold the number; of an error only its code is kept.
func classify(err error, handed bool) error {
	if known := (*credentialsError)(nil); errors.As(err, &known) {
		return known.fault()
	}
	var api smithy.APIError
	var answer *awshttp.ResponseError
	told, answered := errors.As(err, &api), errors.As(err, &answer) && answer.HTTPStatusCode() != 0
	switch {
	case told && kindOfTold(api) != fault.Unknown:
		return fault.Provider(kindOfTold(api), api.ErrorCode(), "publish", err)
	case answered:
		return fault.Provider(kindOfStatus(answer.HTTPStatusCode()), strconv.Itoa(answer.HTTPStatusCode()), "publish", err)
	case told:
		return fault.Provider(fault.Unknown, "unlisted", "publish", err)
	}
	switch {
	case errors.Is(err, context.Canceled) && !handed:
		return fault.Provider(fault.Cancelled, guard.CodeNotBegun, "publish was given up before it was made", err)
	case errors.Is(err, context.Canceled):
		return fault.Wrap(fault.Cancelled, "publish was given up", err)
	case handed:
		return fault.Wrap(fault.Ambiguous, "publish was made and has no answer", err)
	default:
		return fault.Wrap(fault.Unavailable, "publish did not reach the provider", err)
	}
}

// kindOf is the table of codes: those of Publish, and those common to the query protocol.
func kindOf(code string) fault.Kind {
	switch code {
	case "InvalidParameter", "ParameterValueInvalid", "InvalidParameterValue", "InvalidParameterCombination",
		"MissingParameter", "ValidationError", "ValidationException", "UserError", "OptedOut":
		return fault.Refused
	case "Throttled", "ThrottledException", "Throttling", "ThrottlingException", "RequestThrottled",
		"RequestThrottledException", "RequestLimitExceeded", "TooManyRequestsException", "SlowDown", "KMSThrottling",
		"KMSThrottlingException":
		return fault.Throttled
	case "LimitExceeded", "LimitExceededException", "ServiceQuotaExceeded", "ServiceQuotaExceededException",
		"QuotaExceeded":
		return fault.Exhausted
	case "AuthorizationError", "AccessDenied", "AccessDeniedException", "NotAuthorized", "InvalidSecurity",
		"InvalidClientTokenId", "UnrecognizedClientException", "SignatureDoesNotMatch", "InvalidSignatureException",
		"IncompleteSignature", "MissingAuthenticationToken", "MissingAuthenticationTokenException", "ExpiredToken",
		"ExpiredTokenException", "RequestExpired", "OptInRequired", "VerificationException", "InvalidAction",
		"UnknownOperationException", "NotFound", "ResourceNotFound", "EndpointDisabled", "PlatformApplicationDisabled",
		"KMSAccessDenied", "KMSDisabled", "KMSInvalidState", "KMSNotFound", "KMSOptInRequired":
		return fault.Misconfigured
	case "InternalError", "InternalErrorException", "InternalFailure", "InternalServerError", "ServiceUnavailable",
		"ServiceUnavailableException", "RequestTimeout":
		return fault.Unavailable
	}
	return fault.Unknown
}

// kindOfTold is kindOf where the code alone does not tell: SNS says with the same code that the rate is too high and
// that the spend limit is reached.
func kindOfTold(err smithy.APIError) fault.Kind {
	kind := kindOf(err.ErrorCode())
	if kind == fault.Throttled && outOfQuota(err.ErrorMessage()) {
		return fault.Exhausted
	}
	return kind
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

// outOfQuota reports whether a text speaks of a spend limit or quota rather than of a rate.
func outOfQuota(text string) bool {
	text = strings.ToLower(text)
	return strings.Contains(text, "no quota left") || strings.Contains(text, "spend")
}

// unsupported reports whether SNS answered that it does not answer this question.
func unsupported(err error) bool {
	if known := (*credentialsError)(nil); errors.As(err, &known) {
		return false
	}
	if api, told := errors.AsType[smithy.APIError](err); told {
		switch api.ErrorCode() {
		case "AuthorizationError", "AccessDenied", "AccessDeniedException", "NotAuthorized", "InvalidAction",
			"UnknownOperationException":
			return true
		}
	}
	var answer *awshttp.ResponseError
	return errors.As(err, &answer) && answer.HTTPStatusCode() == http.StatusNotFound
}

// credentials marks what goes wrong while the credentials are fetched: that is about another service than SNS, and
// nothing was published.
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
func (e *credentialsError) fault() error {
	const text = "publish was not made: the credentials cannot be had"
	var answer *awshttp.ResponseError
	switch {
	case errors.Is(e.cause, context.Canceled):
		return fault.Provider(fault.Cancelled, guard.CodeNotBegun, text, e)
	case errors.Is(e.cause, context.DeadlineExceeded),
		errors.As(e.cause, &answer) && (answer.HTTPStatusCode() >= 500 || answer.HTTPStatusCode() == 429):
		return fault.Wrap(fault.Unavailable, text, e)
	}
	return fault.Wrap(fault.Misconfigured, text, e)
}
