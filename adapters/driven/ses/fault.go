package ses

import (
	"strings"

	"carillon/adapters/kit/cloud"
	"carillon/core/fault"
)

// answers is how SES fails: the errors of SendEmail in its API reference, and those of its protocol.
func answers() cloud.Table { return cloud.Table{Call: "send email", KindOf: kindOf} }

// classify gives an error of the SDK its kind. Handed says whether SES may have the request.
func classify(err error, handed bool) error { return answers().Classify(err, handed) }

// kindOf is the kind of a code of SES. It says with the same code that the rate is too high and that the day's quota is
// spent, that a message is bad and that an identity is not verified (always so in the sandbox, where it is the
// recipient's).
func kindOf(code, message string) fault.Kind {
	kind := cloud.KindOfCommon(code)
	if kind == fault.Unknown {
		kind = kindOfOwn(code)
	}
	switch {
	case kind == fault.Throttled && strings.Contains(message, "daily"):
		return fault.Exhausted
	case kind == fault.Refused && strings.Contains(message, "not verified"):
		return fault.Misconfigured
	}
	return kind
}

func kindOfOwn(code string) fault.Kind {
	switch code {
	case "MessageRejected", "BadRequestException":
		return fault.Refused
	case "AccountSuspendedException", "SendingPausedException", "MailFromDomainNotVerifiedException", "NotFoundException",
		"IncompleteSignatureException":
		return fault.Misconfigured
	case "InternalServiceErrorException", "InternalServerException", "RequestTimeoutException":
		return fault.Unavailable
	}
	return fault.Unknown
}
