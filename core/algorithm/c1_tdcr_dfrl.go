package algorithm

import (
	"slices"

	"carillon/core/plugin"
	"carillon/core/todo"
)

// c1TDCRDfrl chooses the role that looks after an account, by its account management group and its CIS division, before a
// To Do is opened (C1-TDCR-DFRL). The most narrow word wins: that of the group in the division, that of the group
// anywhere, that of the whole division (DIVISION/*). Only roles of the type count. That the group comes before the division
// is our choice (inferred).
func c1TDCRDfrl(s todo.Subject, _ plugin.Parameters) (role string, chars []plugin.Characteristic) {
	kind, _ := s.Config.ToDoType(string(s.Entry.Type))
	group, division := s.Entry.Links.Group, s.Entry.Division
	words := []string{division + "/*"}
	if group != "" {
		words = []string{division + "/" + group, group, division + "/*"}
	}
	for _, word := range words {
		for _, code := range kind.Roles {
			if r, known := s.Config.ToDoRole(code); known && slices.Contains(r.Groups, word) {
				return code, nil
			}
		}
	}
	return "", nil
}

func describeC1TDCRDfrl() plugin.Algorithm {
	return plugin.Algorithm{
		Code: "C1-TDCR-DFRL", Tells: "Chooses the role of a To Do by the account management group and the division of its account.",
		Spots: []plugin.Spot{{Owner: "installation", Event: "todo_pre_creation"}},
	}
}
