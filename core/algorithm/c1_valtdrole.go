package algorithm

import (
	"carillon/core/command"
	"carillon/core/todo"
)

// c1ValTDRole refuses another role: who approves what stays on the level where it was asked (C1-VALTDROLE).
func c1ValTDRole(todo.Subject, string, command.Parameters) (against string) {
	return "may not be changed for this To Do Type"
}

func describeC1ValTDRole() command.Algorithm {
	return command.Algorithm{
		Code: "C1-VALTDROLE", Tells: "Refuses to change the role of a To Do of the type.",
		Spots: []command.Spot{{Owner: "todo_type", Event: "role_change"}},
	}
}
