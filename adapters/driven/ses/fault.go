package ses

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

// classify gives an error of the SDK its kind. Handed says whether SES may have the request. The texts of SES can
// hold addresses; of an error only its code is kept.
func classify(err error, handed bool) error {
	if known := (*credentialsError)(nil); errors.As(err, &known) {
		return known.fault()
	}
	var api smithy.APIError
	var answer *awshttp.ResponseError
	told, answered := errors.As(err, &api), errors.As(err, &answer) && answer.HTTPStatusCode() != 0
	switch {
	case told && kindOfTold(api) != fault.Unknown:
		return fault.Provider(kindOfTold(api), api.ErrorCode(), "send email", err)
	case answered:
		return fault.Provider(kindOfStatus(answer.HTTPStatusCode()), strconv.Itoa(answer.HTTPStatusCode()), "send email", err)
	case told:
		return fault.Provider(fault.Unknown, "unlisted", "send email", err)
	}
	switch {
	case errors.Is(err, context.Canceled) && !handed:
		return fault.Provider(fault.Cancelled, guard.CodeNotBegun, "send email was given up before it was made", err)
	case errors.Is(err, context.Canceled):
		return fault.Wrap(fault.Cancelled, "send email was given up", err)
	case handed:
		return fault.Wrap(fault.Ambiguous, "send email was made and has no answer", err)
	default:
		return fault.Wrap(fault.Unavailable, "send email did not reach the provider", err)
	}
}

// kindOf is the table of codes: those of SendEmail, and those common to the protocol.
func kindOf(code string) fault.Kind {
	switch code {
	case "MessageRejected", "BadRequestException", "InvalidParameterValue", "ValidationError", "ValidationException":
		return fault.Refused
	case "TooManyRequestsException", "Throttling", "ThrottlingException", "ThrottledException", "RequestThrottled",
		"RequestThrottledException", "RequestLimitExceeded", "SlowDown":
		return fault.Throttled
	case "LimitExceeded", "LimitExceededException", "ServiceQuotaExceededException":
		return fault.Exhausted
	case "AccountSuspendedException", "SendingPausedException", "MailFromDomainNotVerifiedException",
		"NotFoundException", "AccessDenied", "AccessDeniedException", "NotAuthorized", "InvalidClientTokenId",
		"UnrecognizedClientException", "SignatureDoesNotMatch", "InvalidSignatureException",
		"IncompleteSignature", "IncompleteSignatureException", "MissingAuthenticationToken",
		"MissingAuthenticationTokenException", "ExpiredToken", "ExpiredTokenException", "RequestExpired",
		"OptInRequired", "UnknownOperationException":
		return fault.Misconfigured
	case "InternalServiceErrorException", "InternalFailure", "InternalServerError", "InternalServerException",
		"ServiceUnavailable", "ServiceUnavailableException", "RequestTimeout", "RequestTimeoutException":
		return fault.Unavailable
	}
	return fault.Unknown
}

// kindOfTold is kindOf where the code alone does not tell: SES says with the same code that the rate is too high and
// that the day's quota is spent, that a message is bad and that an identity is not verified (always so in the
// sandbox, where it is the recipient's).
func kindOfTold(err smithy.APIError) fault.Kind {
	kind, text := kindOf(err.ErrorCode()), strings.ToLower(err.ErrorMessage())
	switch {
	case kind == fault.Throttled && strings.Contains(text, "daily"):
		return fault.Exhausted
	case kind == fault.Refused && strings.Contains(text, "not verified"):
		return fault.Misconfigured
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

// unsupported reports whether SES answered that it does not answer this question.
func unsupported(err error) bool {
	if known := (*credentialsError)(nil); errors.As(err, &known) {
		return false
	}
	if api, told := errors.AsType[smithy.APIError](err); told {
		switch api.ErrorCode() {
		case "AccessDenied", "AccessDeniedException", "NotAuthorized", "UnknownOperationException":
			return true
		}
	}
	var answer *awshttp.ResponseError
	return errors.As(err, &answer) && answer.HTTPStatusCode() == http.StatusNotFound
}

// credentials marks what goes wrong while the credentials are fetched: that is about another service than SES, and
// nothing was sent.
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
	const text = "send email was not made: the credentials cannot be had"
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
