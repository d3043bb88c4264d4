package algorithm

import (
	"carillon/core/plugin"
	"carillon/core/todo"
)

// c1ValTDRole refuses another role: who approves what stays on the level where it was asked (C1-VALTDROLE).
func c1ValTDRole(todo.Subject, string, plugin.Parameters) (against string) {
	return "may not be changed for this To Do Type"
}

func describeC1ValTDRole() plugin.Algorithm {
	return plugin.Algorithm{
		Code: "C1-VALTDROLE", Tells: "Refuses to change the role of a To Do of the type.",
		Spots: []plugin.Spot{{Owner: "todo_type", Event: "role_change"}},
	}
}
