package algorithm

import (
	"carillon/core/plugin"
	"carillon/core/todo"
)

// f1TDIInfo is F1-TDT-INFO for the whole installation: it makes the lines of the types that have none of their own
// (F1-TDI-INFO).
func f1TDIInfo(s todo.Subject, p plugin.Parameters) string { return f1TDTInfo(s, p) }

func describeF1TDIInfo() plugin.Algorithm {
	return plugin.Algorithm{
		Code: "F1-TDI-INFO", Tells: "Makes the line that says what a To Do is about, where its type makes none.",
		Spots: []plugin.Spot{{Owner: "installation", Event: "todo_information"}}, Parameters: toDoInfoParameters(),
	}
}
