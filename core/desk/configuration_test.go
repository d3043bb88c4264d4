package desk_test

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"testing"
	"time"

	"carillon/core/access"
	"carillon/core/config"
	"carillon/core/desk/administration"
	"carillon/core/fault"
	"carillon/core/plugin"
	"carillon/core/store"
)

// archive keeps versions of the configuration.
type archive struct {
	versions []config.Document // the first is version 1
	down     error
}

func (s *archive) LatestConfig(context.Context) (int64, error) {
	return int64(len(s.versions)), s.down
}

func (s *archive) ConfigRows(_ context.Context, version int64) ([]config.Row, error) {
	if s.down != nil || version > int64(len(s.versions)) {
		return nil, errors.Join(s.down, fault.New(fault.NotFound, "there is no such version"))
	}
	return s.versions[version-1].Rows()
}

func (s *archive) ConfigVersions(_ context.Context, before int64, limit int) (all []store.ConfigVersion, err error) {
	for v := int64(len(s.versions)); v > 0 && len(all) < limit; v-- {
		if before == 0 || v < before {
			all = append(all, store.ConfigVersion{Version: v, At: noon().Add(time.Duration(v) * time.Hour), By: "ada"})
		}
	}
	return all, s.down
}

// history is a desk with four versions: a document, with an alert type, with another, without its first route's slots.
func history(t *testing.T) (*stand, *archive) {
	t.Helper()
	s := newStand(t)
	kept := &archive{}
	for i := range 4 {
		d := document()
		if i > 0 {
			d.AlertTypes = []config.Named{{Code: "DOG"}}
		}
		if i > 1 {
			d.AlertTypes = []config.Named{{Code: "CAT"}}
			d.Routes[0].Slots = 4
		}
		kept.versions = append(kept.versions, d)
	}
	kept.versions[3] = document()
	s.Versions = kept
	return s, kept
}

func TestConfigHistory(t *testing.T) {
	t.Parallel()
	t.Run("says of every version who wrote it, when, and how much it changed", func(t *testing.T) {
		t.Parallel()
		s, _ := history(t)
		got, more, err := s.ConfigHistory(t.Context(), admin(), 0, 10)
		if err != nil || more || len(got) != 4 {
			t.Fatalf("%+v, %t, %v", got, more, err)
		}
		want := [][3]int{{0, 1, 1}, {1, 1, 1}, {1, 0, 0}, {5, 0, 0}}
		for i, v := range got {
			if v.Version != int64(4-i) || v.By != "ada" || !v.At.Equal(noon().Add(time.Duration(4-i)*time.Hour)) || [3]int{v.Added, v.Removed, v.Changed} != want[i] {
				t.Errorf("%+v, want %v", v, want[i])
			}
		}
	})
	t.Run("goes on before a version", func(t *testing.T) {
		t.Parallel()
		s, _ := history(t)
		got, more, err := s.ConfigHistory(t.Context(), admin(), 4, 2)
		if err != nil || !more || len(got) != 2 || got[0].Version != 3 || got[1].Version != 2 || got[1].Added != 1 {
			t.Errorf("%+v, %t, %v", got, more, err)
		}
	})
	t.Run("reads a version as it was written", func(t *testing.T) {
		t.Parallel()
		s, kept := history(t)
		if d, err := s.ConfigAt(t.Context(), admin(), 3); err != nil || !reflect.DeepEqual(d, kept.versions[2]) {
			t.Errorf("%+v, %v", d, err)
		}
		for _, version := range []int64{0, -1, 5} {
			if _, err := s.ConfigAt(t.Context(), admin(), version); !fault.Is(err, fault.NotFound) {
				t.Errorf("version %d: %v", version, err)
			}
		}
	})
}

func TestDiffConfig(t *testing.T) {
	t.Parallel()
	codes := func(changes []config.Change) (all []string) {
		for _, c := range changes {
			all = append(all, c.What+" "+c.Code)
		}
		return all
	}
	changed := document()
	changed.Divisions[0].Description = "North"
	for says, row := range map[string]struct {
		ask  administration.ConfigComparison
		from int64
		want []string
	}{
		"of two versions":                            {administration.ConfigComparison{From: 2, To: 3}, 2, []string{"changed sms", "added CAT", "removed DOG"}},
		"of a version with the one in force":         {administration.ConfigComparison{From: 2}, 2, []string{"removed DOG"}},
		"of what is in force with a document":        {administration.ConfigComparison{Document: &changed}, 4, []string{"changed north"}},
		"of what is in force with an older version":  {administration.ConfigComparison{To: 2}, 4, []string{"added DOG"}},
		"of what is in force with itself is nothing": {administration.ConfigComparison{}, 4, nil},
	} {
		t.Run(says, func(t *testing.T) {
			t.Parallel()
			s, _ := history(t)
			from, changes, err := s.DiffConfig(t.Context(), admin(), row.ask)
			if err != nil || from != row.from || !slices.Equal(codes(changes), row.want) {
				t.Errorf("from %d: %q, %v", from, codes(changes), err)
			}
		})
	}
	t.Run("is refused for what is not there", func(t *testing.T) {
		t.Parallel()
		s, kept := history(t)
		for _, ask := range []administration.ConfigComparison{{From: 9}, {To: 9}} {
			if _, _, err := s.DiffConfig(t.Context(), admin(), ask); !fault.Is(err, fault.NotFound) {
				t.Errorf("%+v: %v", ask, err)
			}
		}
		if _, _, err := s.DiffConfig(t.Context(), admin(), administration.ConfigComparison{To: 1, Document: &changed}); !slices.Equal(fields(err), []string{"/to"}) {
			t.Errorf("%v", err)
		}
		kept.down = fault.New(fault.Unavailable, "the store is away")
		if _, _, err := s.DiffConfig(t.Context(), admin(), administration.ConfigComparison{From: 1}); !fault.Is(err, fault.Unavailable) {
			t.Errorf("%v", err)
		}
		if _, _, err := s.ConfigHistory(t.Context(), admin(), 0, 1); !fault.Is(err, fault.Unavailable) {
			t.Errorf("%v", err)
		}
	})
}

func TestLintConfig(t *testing.T) {
	t.Parallel()
	t.Run("tells everything that is wrong and writes nothing", func(t *testing.T) {
		t.Parallel()
		s := newStand(t)
		s.Rules.Catalog = plugin.Catalog{{Code: "KNOWN", Spots: []plugin.Spot{{Owner: "installation", Event: "x"}}}}
		s.Rules.Validators = map[string]config.Validator{"KNOWN": func(config.Owner, config.Document, plugin.Parameters) []fault.Violation {
			return []fault.Violation{{Field: "/message", Reason: "is dull"}}
		}}
		d := document()
		d.Templates[0].Parts["text"] = "{{ x"
		d.Routes = d.Routes[:1]
		d.SkillTypes = []config.Named{{}}
		d.Owners = []config.Owner{{Kind: config.Campaign, Code: "C"}}
		d.Plugs = []config.Plug{
			{Owner: "installation", Event: "x", Sequence: 1, Code: "Known"}, {Owner: "campaign:C", Event: "validation", Sequence: 1, Code: "KNOWN"},
		}
		wrong, err := s.LintConfig(t.Context(), admin(), d)
		var got []string
		for _, v := range wrong {
			got = append(got, v.Field)
		}
		slices.Sort(got)
		want := []string{
			"/owners/campaign:C/message", "/plugs/campaign:C/validation/1/code", "/plugs/installation/x/1/code", "/routes/mail/number",
			"/skillTypes/", "/templates/T/parts/text",
		}
		if err != nil || !slices.Equal(got, want) || len(s.tables.applied) != 0 {
			t.Errorf("%q, %v", got, err)
		}
		if _, err := s.WriteConfig(t.Context(), noon(), admin(), d, 4); !slices.Equal(fields(err), want) || len(s.tables.applied) != 0 {
			t.Errorf("it is written all the same: %v", err)
		}
	})
	t.Run("has nothing against what is in force", func(t *testing.T) {
		t.Parallel()
		if wrong, err := newStand(t).LintConfig(t.Context(), admin(), document()); err != nil || len(wrong) != 0 {
			t.Errorf("%v, %v", wrong, err)
		}
	})
}

// TestConfigReaders is who may look at configurations.
func TestConfigReaders(t *testing.T) {
	t.Parallel()
	for name, try := range map[string]func(*stand, access.Principal) error{
		"the history": func(s *stand, p access.Principal) error {
			_, _, err := s.ConfigHistory(s.t.Context(), p, 0, 1)
			return err
		},
		"a version": func(s *stand, p access.Principal) error {
			_, err := s.ConfigAt(s.t.Context(), p, 1)
			return err
		},
		"a comparison": func(s *stand, p access.Principal) error {
			_, _, err := s.DiffConfig(s.t.Context(), p, administration.ConfigComparison{})
			return err
		},
		"what is wrong": func(s *stand, p access.Principal) error {
			_, err := s.LintConfig(s.t.Context(), p, document())
			return err
		},
		"the algorithms": func(s *stand, p access.Principal) error {
			_, err := s.Algorithms(s.t.Context(), p)
			return err
		},
	} {
		for _, role := range access.Roles() {
			t.Run(string(role)+" asks for "+name, func(t *testing.T) {
				t.Parallel()
				s, _ := history(t)
				err := try(s, who("x", "*", role))
				allowed := slices.Contains([]access.Role{access.Admin, access.SRE, access.Supervisor, access.CSR}, role)
				if allowed && err != nil || !allowed && !fault.Is(err, fault.Forbidden) {
					t.Errorf("%v", err)
				}
			})
		}
	}
}
