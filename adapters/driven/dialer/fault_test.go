package dialer

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"carillon/core/customer"
	"carillon/core/fault"
)

func numbered(n byte) customer.Address { return customer.Address(fmt.Sprintf("+150055500%02d", n)) }

func TestClassify(t *testing.T) {
	for status, kind := range map[int]fault.Kind{
		302: fault.Misconfigured, 400: fault.Refused, 401: fault.Misconfigured, 402: fault.Exhausted, 403: fault.Misconfigured,
		404: fault.Misconfigured, 405: fault.Misconfigured, 408: fault.Unavailable, 409: fault.Misconfigured,
		410: fault.Misconfigured, 413: fault.Refused, 418: fault.Unknown, 422: fault.Refused, 429: fault.Throttled,
		500: fault.Unavailable, 502: fault.Ambiguous, 503: fault.Unavailable, 504: fault.Ambiguous,
	} {
		t.Run(fmt.Sprintf("%d is %v", status, kind), func(t *testing.T) {
			err := refused(&http.Response{StatusCode: status, Header: http.Header{"Retry-After": {"3"}}})
			if fault.KindOf(err) != kind || fault.CodeOf(err) != fmt.Sprint(status) {
				t.Errorf("fault %v", err)
			}
			if waits := kind == fault.Throttled || kind == fault.Unavailable; waits != (fault.WaitOf(err) == 3*time.Second) {
				t.Errorf("wait %v", fault.WaitOf(err))
			}
		})
	}
	for code, kind := range map[string]fault.Kind{
		"InvalidInput": fault.Refused, "RequestThrottled": fault.Throttled, "UnknownError": fault.Unavailable, "+15005550001": fault.Unknown,
	} {
		if err := failure(code); fault.KindOf(err) != kind || kind == fault.Unknown && fault.CodeOf(err) != "unlisted" {
			t.Errorf("%s: %v", code, err)
		}
	}
	for _, c := range []struct {
		name   string
		err    error
		handed bool
		want   fault.Kind
	}{
		{"a refused connection is unavailable", io.ErrUnexpectedEOF, false, fault.Unavailable},
		{"a lost answer is ambiguous", io.ErrUnexpectedEOF, true, fault.Ambiguous},
		{"no time for a connection is unavailable", context.DeadlineExceeded, false, fault.Unavailable},
		{"no time for an answer is ambiguous", context.DeadlineExceeded, true, fault.Ambiguous},
		{"given up is cancelled", context.Canceled, true, fault.Cancelled},
		{"given up early is cancelled", context.Canceled, false, fault.Cancelled},
	} {
		t.Run(c.name, func(t *testing.T) {
			if err := classify(c.err, c.handed); !fault.Is(err, c.want) {
				t.Errorf("fault %v", err)
			}
		})
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	for value, want := range map[string]time.Duration{
		"": 0, "x": 0, "-4": 0, "30": 30 * time.Second, "Mon, 02 Mar 2026 12:01:00 GMT": time.Minute, "Mon, 02 Mar 2026 11:00:00 GMT": 0,
	} {
		if got := retryAfter(value, now); got != want {
			t.Errorf("%q: %v; want %v", value, got, want)
		}
	}
}
