package algorithm

import (
	"slices"

	"carillon/core/plugin"
	"carillon/core/todo"
)

// c1TDCRChar links a To Do to what it concerns before it is opened: a characteristic for the person, the account, the
// premise and the service agreement (C1-TDCR-CHAR). Its parameters name the characteristic types; where one is not told,
// there is no such link. A type that lists characteristics gets those it lists only.
func c1TDCRChar(s todo.Subject, p plugin.Parameters) (role string, chars []plugin.Characteristic) {
	kind, _ := s.Config.ToDoType(string(s.Entry.Type))
	links := s.Entry.Links
	for _, link := range []struct{ parameter, value string }{
		{"PERSON", links.Person}, {"ACCOUNT", links.Account}, {"PREMISE", links.Premise}, {"SA", links.SA},
	} {
		of := p[link.parameter]
		listed := len(kind.Characteristics) == 0 ||
			slices.ContainsFunc(kind.Characteristics, func(u plugin.CharacteristicUse) bool { return u.Type == of })
		if of != "" && link.value != "" && listed {
			chars = append(chars, plugin.Characteristic{Type: of, Value: link.value})
		}
	}
	return "", chars
}

func describeC1TDCRChar() plugin.Algorithm {
	a := plugin.Algorithm{
		Code: "C1-TDCR-CHAR", Tells: "Links a To Do to the person, account, premise and service agreement it concerns.",
		Spots: []plugin.Spot{{Owner: "installation", Event: "todo_pre_creation"}},
	}
	for _, name := range []string{"PERSON", "ACCOUNT", "PREMISE", "SA"} {
		a.Parameters = append(a.Parameters, plugin.Parameter{Name: name, Kind: plugin.CharType, Tells: "The characteristic type of that link."})
	}
	return a
}
