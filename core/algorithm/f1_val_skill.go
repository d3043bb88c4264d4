package algorithm

import (
	"strconv"

	"carillon/core/config"
	"carillon/core/plugin"
	"carillon/core/todo"
)

// f1ValSkill checks that a user has the skills that an entry needs, each at its level at least, whenever the entry is
// assigned, forwarded or sent back (F1-VAL-SKILL). Every missing skill is named; with the parameter E they forbid the
// assignment, with W they are a warning in the answer.
func f1ValSkill(s todo.Subject, to config.User, p plugin.Parameters) (against []string, forbids bool) {
	for _, need := range s.Entry.Skills {
		has := 0
		for _, skill := range to.Skills {
			if skill.Type == need.Type {
				has = max(has, skill.Level)
			}
		}
		switch {
		case has == 0:
			against = append(against, "has not the skill "+need.Type+", which is needed at level "+strconv.Itoa(need.Level))
		case has < need.Level:
			against = append(against, "has the skill "+need.Type+" at level "+strconv.Itoa(has)+", and level "+strconv.Itoa(need.Level)+" is needed")
		}
	}
	return against, p["ERROR-OR-WARNING"] != "W"
}

func describeF1ValSkill() plugin.Algorithm {
	return plugin.Algorithm{
		Code: "F1-VAL-SKILL", Tells: "Checks that a user has the skills that a To Do needs.",
		Spots: []plugin.Spot{{Owner: "todo_type", Event: "assignment"}},
		Parameters: []plugin.Parameter{{
			Name: "ERROR-OR-WARNING", Kind: plugin.Choice, Choices: []string{"E", "W"}, Default: "E",
			Tells: "E: a user without the skills cannot have it; W: they can, with a warning.",
		}},
	}
}
