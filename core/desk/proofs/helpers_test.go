package proofs_test

import (
	"time"

	"carillon/core/access"
)

func noon() time.Time { return time.Date(2026, time.March, 2, 17, 0, 0, 0, time.UTC) }

func who(source, division string, roles ...access.Role) access.Principal {
	return access.Principal{Name: "me", Source: source, Divisions: []string{division}, Roles: roles}
}

func cis() access.Principal { return who("cis", "north", access.CIS) }
