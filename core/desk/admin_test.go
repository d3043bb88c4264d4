package desk_test

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"carillon/core/access"
	"carillon/core/config"
	"carillon/core/desk/administration"
	"carillon/core/fault"
	"carillon/core/ledger"
	"carillon/core/message"
	"carillon/core/store"
)

// TestRoles is who may administer what.
func TestRoles(t *testing.T) {
	t.Parallel()
	good := access.Principal{Name: "new", Source: "cis", Divisions: []string{"north"}, Roles: []access.Role{access.CIS}}
	for name, row := range map[string]struct {
		try     func(*stand, access.Principal) error
		allowed []access.Role
	}{
		"sees lanes": {func(s *stand, p access.Principal) error {
			_, err := s.Lanes(s.t.Context(), noon(), p)
			return err
		}, []access.Role{access.SRE, access.Admin, access.Supervisor, access.CSR}},
		"pauses a lane": {func(s *stand, p access.Principal) error {
			return s.PauseLane(s.t.Context(), noon(), p, message.NewLane(1, message.Bulk), "why")
		}, []access.Role{access.SRE, access.Admin}},
		"resumes a lane": {func(s *stand, p access.Principal) error {
			return s.ResumeLane(s.t.Context(), noon(), p, message.NewLane(1, message.Bulk), "why")
		}, []access.Role{access.SRE, access.Admin}},
		"trips a breaker": {func(s *stand, p access.Principal) error {
			return s.TripBreaker(s.t.Context(), noon(), p, "sns", "sms", "why")
		}, []access.Role{access.SRE, access.Admin}},
		"resets a breaker": {func(s *stand, p access.Principal) error {
			return s.ResetBreaker(s.t.Context(), noon(), p, "sns", "sms", "why")
		}, []access.Role{access.SRE, access.Admin}},
		"reads the configuration": {func(s *stand, p access.Principal) error {
			_, _, err := s.Config(s.t.Context(), p)
			return err
		}, []access.Role{access.SRE, access.Admin, access.Supervisor, access.CSR}},
		"writes the configuration": {func(s *stand, p access.Principal) error {
			_, err := s.WriteConfig(s.t.Context(), noon(), p, document(), 4)
			return err
		}, []access.Role{access.Admin}},
		"makes a key": {func(s *stand, p access.Principal) error {
			_, err := s.CreatePrincipal(s.t.Context(), noon(), p, good)
			return err
		}, []access.Role{access.Admin}},
		"revokes a key": {func(s *stand, p access.Principal) error {
			return s.RevokePrincipal(s.t.Context(), noon(), p, "old")
		}, []access.Role{access.Admin}},
		"lists keys": {func(s *stand, p access.Principal) error {
			_, err := s.PrincipalList(s.t.Context(), p)
			return err
		}, []access.Role{access.Admin, access.SRE}},
	} {
		for _, role := range access.Roles() {
			t.Run(string(role)+" "+name, func(t *testing.T) {
				t.Parallel()
				s := newStand(t)
				s.tables.principals = []access.Principal{{Name: "old"}}
				err := row.try(s, who("x", "*", role))
				if allowed := slices.Contains(row.allowed, role); allowed && err != nil || !allowed && !fault.Is(err, fault.Forbidden) {
					t.Errorf("%v", err)
				}
				if err != nil && len(s.tables.applied) != 0 {
					t.Error("something is written")
				}
			})
		}
	}
}

func TestTripBreaker(t *testing.T) {
	t.Parallel()
	sre := who("ops", "*", access.SRE)
	s := newStand(t)
	if err := s.TripBreaker(t.Context(), noon(), sre, "sns", "sms", "SNS doubles texts"); err != nil {
		t.Fatal(err)
	}
	if err := s.ResetBreaker(t.Context(), noon(), sre, "sns", "sms", "SNS is mended"); err != nil {
		t.Fatal(err)
	}
	if got := store.Of(s.tables.applied[0].Lane).Trips[0]; got != (store.Trip{Adapter: "sns", Route: "sms", Tripped: true, Reason: "SNS doubles texts", By: "me", At: noon()}) {
		t.Errorf("%+v", got)
	}
	if got := store.Of(s.tables.applied[1].Lane).Trips[0]; got.Tripped || got.Reason != "SNS is mended" {
		t.Errorf("%+v", got)
	}
	for i, kind := range []ledger.Kind{ledger.BreakerTripped, ledger.BreakerReset} {
		if e := store.Of(s.tables.applied[i].Ledger).Entries[0]; e.Kind != kind || !strings.HasPrefix(e.Reason, "sns/sms: ") || e.By != "me" {
			t.Errorf("%+v", e)
		}
	}
	if err := s.TripBreaker(t.Context(), noon(), sre, "sns", "sms", ""); !slices.Equal(fields(err), []string{"/reason"}) {
		t.Errorf("%v", err)
	}
}

func TestPauseLane(t *testing.T) {
	t.Parallel()
	sre := who("ops", "*", access.SRE)
	lane := message.NewLane(2, message.Bulk)
	s := newStand(t)
	if err := s.PauseLane(t.Context(), noon(), sre, lane, "SES is away"); err != nil {
		t.Fatal(err)
	}
	if err := s.ResumeLane(t.Context(), noon(), sre, lane, "SES is back"); err != nil {
		t.Fatal(err)
	}
	if got := store.Of(s.tables.applied[0].Lane).Pauses[0]; got != (store.LanePause{Lane: lane, Paused: true, Reason: "SES is away", By: "me"}) {
		t.Errorf("%+v", got)
	}
	if got := store.Of(s.tables.applied[1].Lane).Pauses[0]; got.Paused || got.Lane != lane {
		t.Errorf("%+v", got)
	}
	for i, kind := range []ledger.Kind{ledger.LanePaused, ledger.LaneResumed} {
		if e := store.Of(s.tables.applied[i].Ledger).Entries[0]; e.Kind != kind || !strings.HasPrefix(e.Reason, "mail: ") || e.By != "me" {
			t.Errorf("%+v", e)
		}
	}
	if err := s.PauseLane(t.Context(), noon(), sre, lane, ""); !slices.Equal(fields(err), []string{"/reason"}) {
		t.Errorf("%v", err)
	}
	if err := s.PauseLane(t.Context(), noon(), sre, message.NewLane(99, message.Bulk), "x"); !fault.Is(err, fault.NotFound) {
		t.Errorf("%v", err)
	}
}

func TestWriteConfig(t *testing.T) {
	t.Parallel()
	t.Run("puts a whole configuration in force under the next version", func(t *testing.T) {
		t.Parallel()
		s := newStand(t)
		version, err := s.WriteConfig(t.Context(), noon(), admin(), document(), 4)
		if err != nil || version != 5 || s.configs.refreshed != 1 {
			t.Fatalf("%d: %v", version, err)
		}
		w := s.tables.applied[0]
		back, err := config.FromRows(store.Of(w.Admin).Config.Rows)
		if err != nil || !reflect.DeepEqual(back, document()) || store.Of(w.Admin).Config.Version != 5 || store.Of(w.Admin).Config.By != "me" || store.Of(w.Ledger).Entries[0].Config != 5 {
			t.Errorf("%+v: %v", store.Of(w.Admin).Config, err)
		}
	})
	t.Run("is read back", func(t *testing.T) {
		t.Parallel()
		if version, d, err := newStand(t).Config(t.Context(), admin()); err != nil || version != 4 || !reflect.DeepEqual(d, document()) {
			t.Errorf("%d: %v", version, err)
		}
	})
	t.Run("is a conflict when another version is in force", func(t *testing.T) {
		t.Parallel()
		s := newStand(t)
		if _, err := s.WriteConfig(t.Context(), noon(), admin(), document(), 3); !fault.Is(err, fault.Conflict) || len(s.tables.applied) != 0 {
			t.Errorf("%v", err)
		}
		s.tables.verdicts = []store.Verdict{{Outcome: store.Conflict, What: store.LostVersion}}
		if _, err := s.WriteConfig(t.Context(), noon(), admin(), document(), 4); !fault.Is(err, fault.Conflict) || s.configs.refreshed != 0 {
			t.Errorf("%v", err)
		}
	})
	for _, row := range []struct {
		says   string
		change func(*config.Document)
		want   []string
	}{
		{"a form that does not parse", func(d *config.Document) { d.Templates[0].Parts["text"] = "{{ x" }, []string{"/templates/T/parts/text"}},
		{"a route that is gone", func(d *config.Document) { d.Routes = d.Routes[:1] }, []string{"/routes/mail/number"}},
		{"a route that takes another's number", func(d *config.Document) {
			d.Routes[0].Number, d.Routes[1].Number = 2, 1
		}, []string{"/routes/mail/number", "/routes/sms/number"}},
		{"a route under another number", func(d *config.Document) { d.Routes[0].Number = 9 }, []string{"/routes/sms/number"}},
		{"a route under another name", func(d *config.Document) { d.Routes[0].Code = "texts" }, []string{"/routes/sms/number"}},
		{"a route of another channel", func(d *config.Document) { d.Routes[1].Channel = message.Voice }, []string{"/routes/mail/number"}},
		{"everything at once", func(d *config.Document) {
			d.Divisions[0].Zone, d.Templates[0].Parts["text"], d.Routes = "", "{{", d.Routes[:1]
		}, []string{"/divisions/north/zone", "/routes/mail/number", "/templates/T/parts/text"}},
	} {
		t.Run("refuses "+row.says, func(t *testing.T) {
			t.Parallel()
			s := newStand(t)
			d := document()
			row.change(&d)
			if _, err := s.WriteConfig(t.Context(), noon(), admin(), d, 4); !slices.Equal(fields(err), row.want) || len(s.tables.applied) != 0 {
				t.Errorf("%v, want %v", err, row.want)
			}
		})
	}
	t.Run("lets a route change what is not its identity", func(t *testing.T) {
		t.Parallel()
		s := newStand(t)
		d := document()
		d.Routes[0].Provider, d.Routes[0].Slots = "other", 3
		if _, err := s.WriteConfig(t.Context(), noon(), admin(), d, 4); err != nil {
			t.Errorf("%v", err)
		}
	})
	t.Run("of a new store knows no routes before", func(t *testing.T) {
		t.Parallel()
		if w, err := administration.ConfigWrites(noon(), "carillon", 1, document(), nil, administration.Rules{Forms: medium{}}); err != nil || store.Of(w.Admin).Config.Version != 1 {
			t.Errorf("%v", err)
		}
	})
}

func TestPrincipals(t *testing.T) {
	t.Parallel()
	in := access.Principal{Name: "new", Source: "cis", Divisions: []string{"north"}, Roles: []access.Role{access.CIS}}
	t.Run("a key is shown once and kept as its hash", func(t *testing.T) {
		t.Parallel()
		s := newStand(t)
		key, err := s.CreatePrincipal(t.Context(), noon(), admin(), in)
		if err != nil {
			t.Fatal(err)
		}
		w := s.tables.applied[0]
		if p := store.Of(w.Admin).Principals[0]; p.Hash != access.HashKey(key) || !p.CreatedAt.Equal(noon()) || p.Name != "new" {
			t.Errorf("%+v", p)
		}
		if e := store.Of(w.Ledger).Entries[0]; e.Kind != ledger.PrincipalMade || strings.Contains(e.Canonical(), key) {
			t.Errorf("%s", e.Canonical())
		}
	})
	t.Run("a principal with wrong fields is refused", func(t *testing.T) {
		t.Parallel()
		if _, err := newStand(t).CreatePrincipal(t.Context(), noon(), admin(), access.Principal{Name: "new"}); !fault.Is(err, fault.Invalid) {
			t.Errorf("%v", err)
		}
	})
	t.Run("a name is taken once", func(t *testing.T) {
		t.Parallel()
		s := newStand(t)
		s.tables.verdicts = []store.Verdict{{Outcome: store.Conflict, What: store.LostName}}
		if key, err := s.CreatePrincipal(t.Context(), noon(), admin(), in); !fault.Is(err, fault.Conflict) || key != "" {
			t.Errorf("%v", err)
		}
		s.tables.down = fault.New(fault.Unavailable, "x")
		if key, err := s.CreatePrincipal(t.Context(), noon(), admin(), in); !fault.Is(err, fault.Unavailable) || key != "" {
			t.Errorf("%v", err)
		}
	})
	t.Run("a key is revoked for good", func(t *testing.T) {
		t.Parallel()
		s := newStand(t)
		s.tables.principals = []access.Principal{{Name: "old"}}
		if err := s.RevokePrincipal(t.Context(), noon(), admin(), "old"); err != nil || store.Of(s.tables.applied[0].Admin).Revoked[0] != (store.Revocation{Name: "old", At: noon()}) {
			t.Errorf("%v", err)
		}
		if err := s.RevokePrincipal(t.Context(), noon(), admin(), "nobody"); !fault.Is(err, fault.NotFound) {
			t.Errorf("%v", err)
		}
		s.tables.blind = errors.New("x")
		if err := s.RevokePrincipal(t.Context(), noon(), admin(), "old"); err == nil {
			t.Error("no error")
		}
	})
}
