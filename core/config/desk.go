package config

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"carillon/core/contact"
	"carillon/core/fault"
	"carillon/core/message"
	"carillon/core/plan"
	"carillon/core/plugin"
)

// BusinessDate is the date in the division's zone, YYYY-MM-DD.
func (s *Snapshot) BusinessDate(division string, now time.Time) string {
	return now.In(s.Zone(division)).Format(time.DateOnly)
}

// Shorthand is the type that a user adds by a word in a division: the division's own before those of every division.
// Inactive types have no word.
func (s *Snapshot) Shorthand(word, division string) (ContactType, bool) {
	var found ContactType
	for _, t := range s.doc.Types {
		mine := t.Division == division
		if t.Inactive || t.Shorthand == "" || !strings.EqualFold(t.Shorthand, word) || !mine && t.Division != "" {
			continue
		}
		if found.Code == "" || mine && found.Division == "" {
			found = t
		}
	}
	if found.Code == "" {
		return found, false
	}
	return s.Type(found.Class, found.Code)
}

// SendsLetter reports whether contacts of the type are sent as a letter, at once or later in the plan.
func (t ContactType) SendsLetter() bool {
	return t.Action == contact.SendLetter || slices.ContainsFunc(t.planned().Plan.Steps, func(r plan.StepRule) bool {
		return r.Channel == message.Letter
	})
}

// ManualBan says why no user may add contacts of the type, nor change one to it; "" when users may.
func (s *Snapshot) ManualBan(t ContactType) string {
	if t.Action == contact.RecordNotification {
		return "is a type that records notifications: no user adds such contacts"
	}
	codes := []string{t.LetterTemplate}
	for _, r := range t.planned().Plan.Steps {
		codes = append(codes, r.Template)
	}
	for _, code := range codes {
		if form, known := s.Template(code); known && form.SpecialExtract {
			return "is a type of special extract letters: no user adds such contacts"
		}
	}
	return ""
}

// OnContact is the entity of characteristics that contacts carry.
const OnContact = contactEntity

// maxCharacteristic is how long the value of a characteristic may be.
const maxCharacteristic = 254

// Defaults adds, to what was given, the default values of the characteristics that were not.
func Defaults(uses []plugin.CharacteristicUse, given []plugin.Characteristic) []plugin.Characteristic {
	out := slices.Clone(given)
	for _, u := range uses {
		if u.Default != "" && !slices.ContainsFunc(given, func(c plugin.Characteristic) bool { return c.Type == u.Type }) {
			out = append(out, plugin.Characteristic{Type: u.Type, Value: u.Default})
		}
	}
	return out
}

// Bear checks the characteristics that an object of the entity is given against those its type uses, and returns them in
// the order of the uses. What is wrong stands at a pointer below at.
func (s *Snapshot) Bear(entity string, uses []plugin.CharacteristicUse, given []plugin.Characteristic, at string) ([]plugin.Characteristic, []fault.Violation) {
	var wrong []fault.Violation
	place := make(map[string]int, len(uses))
	for _, u := range uses {
		place[u.Type] = u.Sequence
	}
	seen := make(map[string]bool, len(given))
	for i, c := range given {
		field := at + "/" + strconv.Itoa(i)
		_, used := place[c.Type]
		switch below, reason := s.valueOf(entity, c); {
		case reason != "":
			wrong = append(wrong, fault.Violation{Field: field + below, Reason: reason})
		case !used:
			wrong = append(wrong, fault.Violation{Field: field + "/type", Reason: "is no characteristic of this type"})
		case seen[c.Type]:
			wrong = append(wrong, fault.Violation{Field: field + "/type", Reason: "is there twice"})
		}
		seen[c.Type] = true
	}
	for _, u := range uses {
		if u.Required && !seen[u.Type] {
			wrong = append(wrong, fault.Violation{Field: at, Reason: "needs the characteristic " + u.Type})
		}
	}
	out := slices.Clone(given)
	slices.SortStableFunc(out, func(a, b plugin.Characteristic) int { return cmp.Compare(place[a.Type], place[b.Type]) })
	return out, wrong
}

// valueOf says what is wrong with a characteristic by its own type, or "".
func (s *Snapshot) valueOf(entity string, c plugin.Characteristic) (field, reason string) {
	t, known := s.CharacteristicType(c.Type)
	switch {
	case !known || !slices.Contains(t.Entities, entity):
		return "/type", "names no characteristic type for this"
	case len([]rune(c.Value)) > maxCharacteristic:
		return "/value", "has more than 254 characters"
	}
	return "/value", t.Check(c.Value)
}

// WrongTags says what is wrong with the tags of a contact: a tag is a characteristic whose type is one of tags.
func (s *Snapshot) WrongTags(given []plugin.Characteristic, at string) []fault.Violation {
	var wrong []fault.Violation
	for i, c := range given {
		field := at + "/" + strconv.Itoa(i)
		t, _ := s.CharacteristicType(c.Type)
		switch below, reason := s.valueOf(OnContact, c); {
		case reason != "":
			wrong = append(wrong, fault.Violation{Field: field + below, Reason: reason})
		case !t.Tag:
			wrong = append(wrong, fault.Violation{Field: field + "/type", Reason: "is no type of tags"})
		case slices.Contains(given[:i], c):
			wrong = append(wrong, fault.Violation{Field: field, Reason: "is there twice"})
		}
	}
	return wrong
}

// Remind checks a wish for a reminder (process 3.4.1.1, step 1.7) and says whom it goes to. Today is the business date.
func (s *Snapshot) Remind(want contact.Remind, today, at string) (kind contact.SendTo, to string, wrong []fault.Violation) {
	add := func(field, reason string) { wrong = append(wrong, fault.Violation{Field: at + field, Reason: reason}) }
	work, known := s.ToDoType(s.installation.ReminderType)
	if !known {
		add("", "cannot be set: the installation names no To Do Type of reminders")
	}
	switch {
	case (want.User == "") == (want.Role == ""):
		add("", "goes to a user or to a role: give one of the two")
	case want.User != "":
		kind, to = contact.ToUser, want.User
		if u, there := s.User(want.User); !there {
			add("/user", "names no user")
		} else if u.Inactive {
			add("/user", "names a user who is not active")
		}
	default:
		kind, to = contact.ToRole, want.Role
		if _, there := s.ToDoRole(want.Role); !there {
			add("/role", "names no To Do Role")
		} else if known && !slices.Contains(work.Roles, want.Role) {
			add("/role", "is no role of the To Do Type of reminders")
		}
	}
	if _, err := time.Parse(time.DateOnly, want.Trigger); err != nil {
		add("/triggerDate", "is a date, as 2026-03-31")
	} else if want.Trigger < today {
		add("/triggerDate", "lies in the past")
	}
	return kind, to, wrong
}
