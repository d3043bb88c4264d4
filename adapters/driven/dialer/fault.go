package dialer

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"carillon/core/fault"
)

// classify gives an error of a request without an answer its kind. Handed says whether the vendor may have it.
func classify(err error, handed bool) error {
	switch {
	case errors.Is(err, context.Canceled) && !handed:
		return fault.Provider(fault.Cancelled, fault.CodeNotBegun, "dial was given up before it was made", err)
	case errors.Is(err, context.Canceled):
		return fault.Wrap(fault.Cancelled, "dial was given up", err)
	case handed:
		return fault.Wrap(fault.Ambiguous, "dial was made and has no answer", err)
	default:
		return fault.Wrap(fault.Unavailable, "dial did not reach the vendor", err)
	}
}

// refused is the fault of an answer whose status is not of the 200s. Its text is the vendor's and is not kept.
func refused(resp *http.Response) error {
	err := fault.Provider(kindOfStatus(resp.StatusCode), strconv.Itoa(resp.StatusCode), "dial", nil)
	if err.Kind == fault.Throttled || err.Kind == fault.Unavailable {
		err.Wait = retryAfter(resp.Header.Get("Retry-After"), time.Now())
	}
	return err
}

// kindOfStatus is the table of statuses.
func kindOfStatus(status int) fault.Kind {
	switch status {
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity:
		return fault.Refused
	case http.StatusUnauthorized, http.StatusForbidden, // the key
		http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusGone, // the address or the campaign
		http.StatusConflict: // the campaign does not run: a person starts it
		return fault.Misconfigured
	case http.StatusTooManyRequests:
		return fault.Throttled
	case http.StatusPaymentRequired:
		return fault.Exhausted
	case http.StatusRequestTimeout:
		return fault.Unavailable
	case http.StatusBadGateway, http.StatusGatewayTimeout: // passed on, and the answer lost
		return fault.Ambiguous
	}
	switch {
	case status/100 == 3:
		return fault.Misconfigured
	case status >= http.StatusInternalServerError:
		return fault.Unavailable
	}
	return fault.Unknown
}

// failure is the fault of one call that the vendor names as failed.
func failure(code string) error {
	switch code {
	case "InvalidInput":
		return fault.Provider(fault.Refused, code, "dial", nil)
	case "RequestThrottled": // no line or agent is free
		return fault.Provider(fault.Throttled, code, "dial", nil)
	case "UnknownError":
		return fault.Provider(fault.Unavailable, code, "dial", nil)
	}
	return fault.Provider(fault.Unknown, "unlisted", "dial", nil)
}

// retryAfter reads the header: seconds, or a date.
func retryAfter(value string, now time.Time) time.Duration {
	if seconds, err := strconv.Atoi(value); err == nil {
		return max(time.Duration(seconds)*time.Second, 0)
	}
	if at, err := http.ParseTime(value); err == nil {
		return max(at.Sub(now), 0)
	}
	return 0
}
