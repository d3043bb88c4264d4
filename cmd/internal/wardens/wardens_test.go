package wardens

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"carillon/cmd/internal/clock"
	"carillon/cmd/internal/settings"
	"carillon/core/access"
	"carillon/core/config"
	"carillon/core/dispatch"
	"carillon/core/message"
	"carillon/core/store"
)

// shown are the routes that are watched.
func shown() []config.Route {
	return []config.Route{
		{Code: "sms-north", Number: 1, Channel: message.SMS, Provider: dispatch.ProviderSNS},
		{Code: "voice-north", Number: 2, Channel: message.Voice, Provider: dispatch.ProviderDialer},
	}
}

func made(t *testing.T) *Wardens {
	t.Helper()
	w, err := New(prometheus.NewRegistry(), shown(), settings.Settings{}.CertificateFiles())
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestWardens(t *testing.T) {
	t.Parallel()
	t.Run("show who has paused which lane", func(t *testing.T) {
		t.Parallel()
		route, voice := shown()[0], shown()[1]
		w := made(t)
		show := func(by string, want map[string]float64) {
			t.Helper()
			lane := message.NewLane(route.Number, message.Emergency)
			w.Lanes([]config.Route{route, voice}, []store.LaneState{
				{Lane: lane, Pause: store.LanePause{Lane: lane, Paused: by != "", By: by}},
				{Lane: message.NewLane(voice.Number, message.Emergency), Pause: store.LanePause{Paused: true, By: "dialer:belltower"}},
			})
			for who, value := range want {
				if got := testutil.ToFloat64(w.paused.WithLabelValues("sms-north", "emergency", who)); got != value {
					t.Errorf("paused by %q: %s is %v, want %v", by, who, got, value)
				}
			}
			if testutil.ToFloat64(w.paused.WithLabelValues("sms-north", "bulk", pausedByPerson)) != 0 {
				t.Error("another lane is shown as paused")
			}
			if testutil.ToFloat64(w.paused.WithLabelValues("voice-north", "emergency", pausedByGateway)) != 1 {
				t.Error("a lane that the vendor's answer paused is not shown")
			}
		}
		show("oncall", map[string]float64{pausedByPerson: 1, pausedByGateway: 0})
		show("sns", map[string]float64{pausedByPerson: 0, pausedByGateway: 1})
		show("", map[string]float64{pausedByPerson: 0, pausedByGateway: 0})
	})
	t.Run("show the oldest key in force of each role", func(t *testing.T) {
		t.Parallel()
		w, now := made(t), clock.Now()
		at := func(age time.Duration, revoked bool, roles ...access.Role) access.Principal {
			p := access.Principal{CreatedAt: now.Add(-age), Roles: roles}
			if revoked {
				p.RevokedAt = now
			}
			return p
		}
		w.showAges(now, []access.Principal{at(time.Hour, false, access.CIS), at(2*time.Hour, false, access.CIS, access.SRE), at(9*time.Hour, true, access.CIS)})
		for role, want := range map[access.Role]time.Duration{access.CIS: 2 * time.Hour, access.SRE: 2 * time.Hour, access.Admin: 0} {
			if got := testutil.ToFloat64(w.keys.WithLabelValues(string(role))); got != want.Seconds() {
				t.Errorf("the oldest key of %s is %v s old, want %v", role, got, want.Seconds())
			}
		}
	})
	t.Run("show when the first certificate of a file runs out, and tell of a file without one", func(t *testing.T) {
		t.Parallel()
		w := made(t)
		now := clock.Now().Truncate(time.Second)
		file := filepath.Join(t.TempDir(), "ca.pem")
		pems := append(certificatePEM(t, now.Add(48*time.Hour)), certificatePEM(t, now.Add(24*time.Hour))...)
		if err := os.WriteFile(file, pems, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := w.certificates(map[string]string{"kafka-ca-file": file, "sns-ca-file": ""}); err != nil {
			t.Fatal(err)
		}
		shows := func(setting string, want int64) {
			t.Helper()
			if got := testutil.ToFloat64(w.expiry.WithLabelValues(setting)); got != float64(want) {
				t.Errorf("%s runs out at %v, want %v", setting, got, want)
			}
		}
		shows("kafka-ca-file", now.Add(24*time.Hour).Unix())
		shows("sns-ca-file", 0)
		if err := os.WriteFile(file, []byte("nothing"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := w.certificates(map[string]string{"kafka-ca-file": file}); err == nil || !strings.Contains(err.Error(), "kafka-ca-file") {
			t.Errorf("got %v", err)
		}
		shows("kafka-ca-file", now.Add(24*time.Hour).Unix())
	})
}
