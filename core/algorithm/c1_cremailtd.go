package algorithm

import (
	"time"

	"carillon/core/config"
	"carillon/core/plugin"
	"carillon/core/todo"
)

// c1CreMailTD tells the user whom a To Do is assigned to, or while it is open every user of its role, by email
// (C1-CREMAILTD). The template reads `todo`. A user without an email address gets none; the others do.
func c1CreMailTD(s todo.Subject, to []config.User, p plugin.Parameters) []plugin.SendEmail {
	return toDoMails(s, to, p["TEMPLATE"], nil)
}

// toDoMails is one email for each user, with the entry and what else the template may read of it.
func toDoMails(s todo.Subject, to []config.User, template string, also map[string]string) (mails []plugin.SendEmail) {
	for _, u := range to {
		if u.Email == "" {
			continue
		}
		told := toDoData(s)
		for name, value := range also {
			told[name] = value
		}
		mails = append(mails, plugin.SendEmail{User: u.Name, Template: template, Data: map[string]any{"todo": told}})
	}
	return mails
}

// toDoData is what a template may read of an entry.
func toDoData(s todo.Subject) map[string]any {
	e := s.Entry
	kind, _ := s.Config.ToDoType(string(e.Type))
	drill := make([]any, len(e.Drill))
	for i, k := range e.Drill {
		drill[i] = k
	}
	return map[string]any{
		"id": e.ID.String(), "type": string(e.Type), "description": kind.Description, "status": string(e.Status()), "role": e.Role,
		"user": e.User, "priority": e.Priority, "subject": e.Subject, "comments": e.Comments, "reason": e.Reason, "drillKeys": drill,
		"message": s.Config.Text(e.Text.Category, e.Text.Number, "", e.Text.Parameters...),
		"opened":  e.OpenedAt.In(s.Config.Zone(e.Division)).Format(time.DateTime),
	}
}

func describeC1CreMailTD() plugin.Algorithm {
	return toDoMailer("C1-CREMAILTD", "Tells the users of a To Do of it by email.")
}

func toDoMailer(code, tells string) plugin.Algorithm {
	return plugin.Algorithm{
		Code: code, Tells: tells, Spots: []plugin.Spot{{Owner: "todo_type", Event: "external_routing"}},
		Parameters: []plugin.Parameter{{
			Name: "TEMPLATE", Kind: plugin.TemplateRef, Required: true, Tells: "The email template; it may read todo.",
		}},
	}
}
