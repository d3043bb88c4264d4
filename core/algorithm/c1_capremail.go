package algorithm

import (
	"carillon/core/config"
	"carillon/core/plugin"
	"carillon/core/todo"
)

// c1CapreMail asks the approvers of a rebate claim for their approval by email (C1-CAPREMAIL). The first drill key of the
// To Do is the claim, its first sort key the amount; the template reads them as todo.claim and todo.amount.
func c1CapreMail(s todo.Subject, to []config.User, p plugin.Parameters) []plugin.SendEmail {
	return toDoMails(s, to, p["template"], map[string]string{"claim": first(s.Entry.Drill), "amount": first(s.Entry.Sort)})
}

func describeC1CapreMail() plugin.Algorithm {
	return toDoMailer("C1-CAPREMAIL", "Asks the approvers of a rebate claim for their approval by email.")
}
