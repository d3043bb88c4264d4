package sns

import (
	"strings"

	"carillon/adapters/kit/cloud"
	"carillon/core/fault"
)

// answers is how SNS fails: the errors of Publish in its API reference, and those of the query protocol.
func answers() cloud.Table {
	return cloud.Table{Call: "publish", KindOf: kindOf, Unasked: []string{"AuthorizationError", "InvalidAction"}}
}

// classify gives an error of the SDK its kind. Handed says whether SNS may have the request.
func classify(err error, handed bool) error { return answers().Classify(err, handed) }

// kindOf is the kind of a code of SNS. It says with the same code that the rate is too high and that the spend limit is
// reached.
func kindOf(code, message string) fault.Kind {
	kind := cloud.KindOfCommon(code)
	if kind == fault.Unknown {
		kind = kindOfOwn(code)
	}
	if kind == fault.Throttled && (strings.Contains(message, "no quota left") || strings.Contains(message, "spend")) {
		return fault.Exhausted
	}
	return kind
}

func kindOfOwn(code string) fault.Kind {
	switch code {
	case "InvalidParameter", "ParameterValueInvalid", "InvalidParameterCombination", "MissingParameter", "UserError", "OptedOut":
		return fault.Refused
	case "Throttled", "KMSThrottling", "KMSThrottlingException":
		return fault.Throttled
	case "ServiceQuotaExceeded", "QuotaExceeded":
		return fault.Exhausted
	case "AuthorizationError", "InvalidSecurity", "VerificationException", "InvalidAction", "NotFound", "ResourceNotFound",
		"EndpointDisabled", "PlatformApplicationDisabled", "KMSAccessDenied", "KMSDisabled", "KMSInvalidState", "KMSNotFound",
		"KMSOptInRequired":
		return fault.Misconfigured
	case "InternalError", "InternalErrorException":
		return fault.Unavailable
	}
	return fault.Unknown
}
