// Package access says who may ask for what: principals with their source, divisions and roles.
//
// A principal is a user or a system that holds a key. The key is 256 random bits, shown once; the store keeps
// its SHA-256. A principal sees and does only what its source, divisions and roles allow.
package access

import (
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"strings"
	"time"

	"carillon/core/fault"
)

// Role is what a principal does for a living.
type Role string

// The roles.
const (
	CIS        Role = "cis"        // posts contacts and loads persons of its own source
	CSR        Role = "csr"        // serves customers of its divisions
	Supervisor Role = "supervisor" // a CSR who may also release what a CSR may not
	DMS        Role = "dms"        // reports what became of letters
	Dialer     Role = "dialer"     // leases calls of its routes and posts results
	SRE        Role = "sre"        // runs batches, reads lanes and health
	Admin      Role = "admin"      // configures; holds every right but another's feed
)

// Roles lists every role.
func Roles() []Role { return []Role{CIS, CSR, Supervisor, DMS, Dialer, SRE, Admin} }

// AllDivisions in a principal's divisions opens every division.
const AllDivisions = "*"

// KeyHash is the SHA-256 of a key; the only form of it that is stored.
type KeyHash [sha256.Size]byte

// keyPrefix marks a Carillon key, so that secret scanners can find a leaked one.
const keyPrefix = "crl_"

// NewKey writes 32 random bytes as a key and returns it with its hash.
func NewKey(random [32]byte) (string, KeyHash) {
	key := keyPrefix + base64.RawURLEncoding.EncodeToString(random[:])
	return key, HashKey(key)
}

// HashKey returns the hash under which a presented key is looked up.
func HashKey(key string) KeyHash { return sha256.Sum256([]byte(key)) }

// Principal is who asks.
type Principal struct {
	Hash      KeyHash
	Name      string   // unique; shown in the ledger and in logs
	Source    string   // the system it speaks for; of a dialer or DMS, the provider's name
	Divisions []string // CIS divisions; "*" is every division
	Roles     []Role
	CreatedAt time.Time
	RevokedAt time.Time // zero while the key is good
}

// Operator is who may run commands on the machine of the store.
func Operator() Principal {
	return Principal{Name: "operator", Source: "carillon", Divisions: []string{AllDivisions}, Roles: []Role{Admin}}
}

// InForce reports whether its key opens anything.
func (p Principal) InForce() bool { return p.RevokedAt.IsZero() }

// Validate names every wrong field of a principal about to be created.
func (p Principal) Validate() error {
	var wrong []fault.Violation
	if p.Name == "" {
		wrong = append(wrong, fault.Violation{Field: "/name", Reason: "is required"})
	}
	if p.Source == "" {
		wrong = append(wrong, fault.Violation{Field: "/source", Reason: "is required"})
	}
	if len(p.Divisions) == 0 {
		wrong = append(wrong, fault.Violation{Field: "/divisions", Reason: "name at least one division, or *"})
	}
	if len(p.Roles) == 0 {
		wrong = append(wrong, fault.Violation{Field: "/roles", Reason: "name at least one role"})
	}
	for _, r := range p.Roles {
		if !slices.Contains(Roles(), r) {
			wrong = append(wrong, fault.Violation{Field: "/roles", Reason: "must be among " + roleList()})
		}
	}
	if wrong != nil {
		return fault.Refuse(wrong...)
	}
	return nil
}

// Has reports whether the principal holds any of the roles.
func (p Principal) Has(roles ...Role) bool {
	return slices.ContainsFunc(roles, func(r Role) bool { return slices.Contains(p.Roles, r) })
}

// InDivision reports whether the principal may see rows of the division.
func (p Principal) InDivision(division string) bool {
	return slices.Contains(p.Divisions, AllDivisions) || slices.Contains(p.Divisions, division)
}

// Sees reports whether the principal may see a row of the source and division. A CIS sees only what its own
// source brought; the others see every source of their divisions.
func (p Principal) Sees(source, division string) bool {
	if !p.InDivision(division) {
		return false
	}
	return p.Source == source || p.Has(CSR, Supervisor, SRE, Admin)
}

func roleList() string {
	words := make([]string, 0, len(Roles()))
	for _, r := range Roles() {
		words = append(words, string(r))
	}
	return strings.Join(words, ", ")
}
