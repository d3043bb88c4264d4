// Package wardens shows what only people can mend, before it hurts: lanes that stand still, keys that grow old,
// certificates that run out.
package wardens

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"os"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"carillon/adapters/driving/ticker"
	"carillon/core/access"
	"carillon/core/config"
	"carillon/core/dispatch"
	"carillon/core/fault"
	"carillon/core/store"
)

// Wardens are the metrics of it.
type Wardens struct {
	paused *prometheus.GaugeVec // carillon_lane_paused
	keys   *prometheus.GaugeVec // carillon_key_age_seconds
	expiry *prometheus.GaugeVec // carillon_certificate_expiry_timestamp_seconds
}

// Who paused a lane.
const (
	pausedByPerson  = "person"
	pausedByGateway = "gateway"
)

// How often keys and certificates are looked at.
const (
	keysEvery         = time.Minute
	certificatesEvery = time.Hour
)

// New makes the metrics and registers them; their series exist at zero.
func New(reg prometheus.Registerer, routes []config.Route, files map[string]string) (*Wardens, error) {
	w := &Wardens{
		paused: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "carillon_lane_paused", Help: "1 while a lane is paused, by who paused it: a person, or the gateway after an answer that says the account cannot send.",
		}, []string{"route", "urgency", "by"}),
		keys: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "carillon_key_age_seconds", Help: "Age of the oldest key in force of each role; 0 when there is none.",
		}, []string{"role"}),
		expiry: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "carillon_certificate_expiry_timestamp_seconds",
			Help: "When the first certificate in the file of a setting runs out; 0 while the setting is empty or the file was not read yet.",
		}, []string{"file"}),
	}
	w.Lanes(routes, nil)
	for _, r := range access.Roles() {
		w.keys.WithLabelValues(string(r))
	}
	for setting := range files {
		w.expiry.WithLabelValues(setting)
	}
	return w, errors.Join(reg.Register(w.paused), reg.Register(w.keys), reg.Register(w.expiry))
}

// Lanes shows who has paused which lane of the routes.
func (w *Wardens) Lanes(routes []config.Route, states []store.LaneState) {
	pauses := make(map[int16]store.LanePause, len(states))
	for _, s := range states {
		pauses[int16(s.Lane)] = s.Pause
	}
	for _, r := range routes {
		for _, l := range r.Lanes() {
			by := ""
			switch p := pauses[int16(l)]; {
			case dispatch.PausedItself(p, r):
				by = pausedByGateway
			case p.Paused:
				by = pausedByPerson
			}
			for _, who := range []string{pausedByPerson, pausedByGateway} {
				shown := 0.0
				if who == by {
					shown = 1
				}
				w.paused.WithLabelValues(r.Code, l.Urgency().String(), who).Set(shown)
			}
		}
	}
}

// showAges shows how old the keys in force are.
func (w *Wardens) showAges(now time.Time, all []access.Principal) {
	for _, r := range access.Roles() {
		var oldest time.Duration
		for _, p := range all {
			if p.InForce() && p.Has(r) {
				oldest = max(oldest, now.Sub(p.CreatedAt))
			}
		}
		w.keys.WithLabelValues(string(r)).Set(oldest.Seconds())
	}
}

// certificates reads the files and shows when each runs out. A file that cannot be read keeps what was last known of it
// and is told.
func (w *Wardens) certificates(files map[string]string) error {
	var wrong []error
	for setting, file := range files {
		if file == "" {
			continue
		}
		end, err := firstExpiry(file)
		if err != nil {
			wrong = append(wrong, fault.Wrap(fault.Misconfigured, "reading the certificates of "+setting, err))
			continue
		}
		w.expiry.WithLabelValues(setting).Set(float64(end.Unix()))
	}
	return errors.Join(wrong...)
}

// firstExpiry is when the first certificate in a PEM file runs out.
func firstExpiry(file string) (time.Time, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return time.Time{}, err
	}
	var first time.Time
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			continue
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return time.Time{}, err
		}
		if first.IsZero() || c.NotAfter.Before(first) {
			first = c.NotAfter
		}
	}
	if first.IsZero() {
		return time.Time{}, errors.New("there is no certificate in it")
	}
	return first, nil
}

// The chores by name.
const (
	choreKeys         = "keys"
	choreCertificates = "certificates"
)

// Schedule gives the ticker the chores of the wardens.
func (w *Wardens) Schedule(t *ticker.Ticker, facts store.Principals, files map[string]string) {
	t.Chore(choreKeys, keysEvery, func(ctx context.Context, now time.Time) (time.Time, error) {
		all, err := facts.PrincipalList(ctx)
		if err == nil {
			w.showAges(now, all)
		}
		return time.Time{}, err
	})
	t.Chore(choreCertificates, certificatesEvery, func(context.Context, time.Time) (time.Time, error) {
		return time.Time{}, w.certificates(files)
	})
}
