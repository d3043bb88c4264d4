package accept_test

import (
	"testing"

	"carillon/core/config"
	"carillon/core/fault"
	"carillon/core/ledger"
	"carillon/core/message"
	"carillon/core/plugin"
	"carillon/core/store"
	"carillon/core/template"
	"carillon/core/todo"
)

// TestMail: what tells a user of a To Do is a message like any other.
func TestMail(t *testing.T) {
	t.Parallel()
	s := newStand(t, func(d *config.Document) {
		d.Templates = append(d.Templates, template.Template{Code: "EM-TODO", Channel: "email", Parts: map[string]string{"subject": "s", "text": "t"}})
	})
	e := todo.Entry{ID: 20000000000007, Type: "WORK", Source: "cis", Division: "north"}
	ada := config.User{Name: "ada", Email: "ada@utility.example"}
	w, err := s.Mail(t.Context(), noon(), e, ada, plugin.SendEmail{User: "ada", Template: "EM-TODO", Data: map[string]any{"todo": map[string]any{}}})
	if err != nil {
		t.Fatal(err)
	}
	m := store.Of(w.Message).Messages[0]
	if m.Origin != (message.Origin{Kind: message.FromToDo, ToDo: 20000000000007}) || !m.Origin.LastStep() || m.TellsPlan() || m.Channel != message.Email ||
		m.Route != "mail" || m.Lane.Urgency() != message.Service || m.Recipient.Address.Reveal() != "ada@utility.example" || m.Recipient.Person != 0 || m.Marketing {
		t.Errorf("%+v to %s", m, m.Recipient.Address.Reveal())
	}
	if len(store.Of(w.Message).Dues) != 1 || store.Of(w.Message).Dues[0].Message != m.ID || !store.Of(w.Message).Dues[0].At.Equal(noon()) || len(store.Of(w.Message).Counts) != len(message.Arrival(m, message.Pending)) || len(store.Of(w.Contact).Contacts)+len(store.Of(w.Contact).Steps) != 0 {
		t.Errorf("%+v", w)
	}
	if told := store.Of(w.Ledger).Entries[0]; told.Kind != ledger.StepStarted || told.Reason != "todo" || told.ToDo != "20000000000007" || told.Message != m.ID {
		t.Errorf("%+v", told)
	}
	for says, mail := range map[string]plugin.SendEmail{"no template": {Template: "NONE"}, "a text's": {Template: "STOPPED"}} {
		if _, err := s.Mail(t.Context(), noon(), e, ada, mail); !fault.Is(err, fault.Misconfigured) {
			t.Errorf("%s: %v", says, err)
		}
	}
	e.Division = "nowhere"
	if _, err := s.Mail(t.Context(), noon(), e, ada, plugin.SendEmail{Template: "EM-TODO"}); !fault.Is(err, fault.Misconfigured) {
		t.Errorf("a division that is gone: %v", err)
	}
}
