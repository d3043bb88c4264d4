package algorithm

import (
	"carillon/core/config"
	"carillon/core/plugin"
	"carillon/core/todo"
)

// c1AdjAreqEm asks the approvers of an adjustment for their approval by email (C1-ADJAREQEM). The first drill key of the
// To Do is the adjustment, its first sort key the amount; the template reads them as todo.adjustment and todo.amount.
func c1AdjAreqEm(s todo.Subject, to []config.User, p plugin.Parameters) []plugin.SendEmail {
	return toDoMails(s, to, p["template"], map[string]string{"adjustment": first(s.Entry.Drill), "amount": first(s.Entry.Sort)})
}

func first(keys []string) string {
	if len(keys) == 0 {
		return ""
	}
	return keys[0]
}

func describeC1AdjAreqEm() plugin.Algorithm {
	return toDoMailer("C1-ADJAREQEM", "Asks the approvers of an adjustment for their approval by email.")
}
