package dispatch_test

import (
	"testing"

	"carillon/core/config"
	"carillon/core/dispatch"
	"carillon/core/store"
)

// TestDedupes: only who is known to take an id once may be called again; texts, emails and strangers are not.
func TestDedupes(t *testing.T) {
	t.Parallel()
	for provider, want := range map[string]bool{
		dispatch.ProviderSNS: false, dispatch.ProviderSES: false, "": false, "another": false,
		dispatch.ProviderDialer: true, dispatch.ProviderFeed: true, dispatch.ProviderKafka: true,
	} {
		if dispatch.Dedupes(provider) != want {
			t.Errorf("%q: %t", provider, !want)
		}
	}
}

// TestPausedItself tells a provider's answer from a person's word.
func TestPausedItself(t *testing.T) {
	t.Parallel()
	route := config.Route{Provider: dispatch.ProviderDialer}
	for by, want := range map[string]bool{"dialer": true, "dialer:belltower": true, "oncall": false, "sns": false} {
		if got := dispatch.PausedItself(store.LanePause{Paused: true, By: by}, route); got != want {
			t.Errorf("paused by %s: %t", by, got)
		}
	}
	if dispatch.PausedItself(store.LanePause{By: "dialer"}, route) {
		t.Error("a lane that is not paused paused itself")
	}
}
