package access_test

import (
	"crypto/sha256"
	"errors"
	"slices"
	"strings"
	"testing"

	"carillon/core/access"
	"carillon/core/fault"
)

func TestKey(t *testing.T) {
	t.Parallel()
	var random [32]byte
	for i := range random {
		random[i] = byte(i)
	}
	key, hash := access.NewKey(random)
	t.Run("can be found by a secret scanner", func(t *testing.T) {
		t.Parallel()
		if key != "crl_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8" {
			t.Errorf("key %q", key)
		}
	})
	t.Run("is looked up by the hash of what is presented", func(t *testing.T) {
		t.Parallel()
		if access.HashKey(key) != hash || hash != access.KeyHash(sha256.Sum256([]byte(key))) {
			t.Error("another hash")
		}
		if access.HashKey(key+" ") == hash {
			t.Error("another key has the hash")
		}
	})
}

func TestValidate(t *testing.T) {
	t.Parallel()
	good := access.Principal{Name: "cis-north", Source: "cis", Divisions: []string{"north"}, Roles: []access.Role{access.CIS}}
	for _, row := range []struct {
		says   string
		change func(*access.Principal)
		want   []string
	}{
		{"takes a principal with everything", func(*access.Principal) {}, nil},
		{"takes one of every division", func(p *access.Principal) { p.Divisions = []string{"*"} }, nil},
		{"names everything that is missing at once", func(p *access.Principal) { *p = access.Principal{} }, []string{"/name", "/source", "/divisions", "/roles"}},
		{"refuses a role that is none", func(p *access.Principal) { p.Roles = []access.Role{"king"} }, []string{"/roles"}},
	} {
		t.Run(row.says, func(t *testing.T) {
			t.Parallel()
			p := good
			row.change(&p)
			var got []string
			if f, refused := errors.AsType[*fault.Error](p.Validate()); refused {
				for _, v := range f.Violations {
					got = append(got, v.Field)
					if strings.Contains(v.Reason, "king") {
						t.Error("repeats the value")
					}
				}
			}
			if !slices.Equal(got, row.want) {
				t.Errorf("wrong fields %v, want %v", got, row.want)
			}
		})
	}
}

func TestSees(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		says             string
		roles            []access.Role
		divisions        []string
		source, division string
		want             bool
	}{
		{"a CIS sees its own rows", []access.Role{access.CIS}, []string{"north"}, "cis", "north", true},
		{"a CIS does not see another source's rows", []access.Role{access.CIS}, []string{"north"}, "billing", "north", false},
		{"a CIS does not see its own rows in another division", []access.Role{access.CIS}, []string{"north"}, "cis", "south", false},
		{"a CSR sees every source of its divisions", []access.Role{access.CSR}, []string{"north", "south"}, "billing", "south", true},
		{"a CSR does not see another division", []access.Role{access.CSR}, []string{"north"}, "cis", "south", false},
		{"a supervisor sees every source of its divisions", []access.Role{access.Supervisor}, []string{"north"}, "billing", "north", true},
		{"an SRE sees every source", []access.Role{access.SRE}, []string{"*"}, "billing", "south", true},
		{"an admin sees every source", []access.Role{access.Admin}, []string{"*"}, "billing", "south", true},
		{"a dialer sees nothing of another source", []access.Role{access.Dialer}, []string{"*"}, "billing", "south", false},
		{"a DMS sees nothing of another source", []access.Role{access.DMS}, []string{"*"}, "billing", "south", false},
		{"nobody sees a division without holding it", []access.Role{access.Admin}, nil, "cis", "north", false},
	} {
		t.Run(row.says, func(t *testing.T) {
			t.Parallel()
			p := access.Principal{Source: "cis", Roles: row.roles, Divisions: row.divisions}
			if got := p.Sees(row.source, row.division); got != row.want {
				t.Errorf("sees: %t", got)
			}
		})
	}
}

func TestHas(t *testing.T) {
	t.Parallel()
	p := access.Principal{Roles: []access.Role{access.CSR, access.SRE}}
	if !p.Has(access.Admin, access.SRE) || p.Has(access.Admin) || p.Has() {
		t.Error("the roles are mixed up")
	}
	if len(access.Roles()) != 7 {
		t.Error("a role is not listed")
	}
}
