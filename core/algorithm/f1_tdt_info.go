package algorithm

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"carillon/core/plugin"
	"carillon/core/todo"
)

// f1TDTInfo makes the line of a To Do from fields and delimiters, as its To Do Type wants it (F1-TDT-INFO).
//
// The parameters are pairs in order, FIELD-1, DELIMITER-1, FIELD-2 …: a delimiter stands behind its field, and only when
// something follows it. A field that is empty is passed over with its delimiter. A field that is none is refused when it is
// configured. Times are those of the division's zone.
func f1TDTInfo(s todo.Subject, p plugin.Parameters) string {
	fields, line, before := toDoFields(), "", ""
	for i := 1; i <= toDoInfoFields; i++ {
		read, known := fields[p["FIELD-"+strconv.Itoa(i)]]
		if !known {
			continue
		}
		if text := strings.TrimSpace(read(s)); text != "" {
			if line != "" {
				line += before
			}
			line, before = line+text, " "
			if d, told := p["DELIMITER-"+strconv.Itoa(i)]; told {
				before = d
			}
		}
	}
	return line
}

// toDoInfoFields is how many fields a line has at most.
const toDoInfoFields = 8

func describeF1TDTInfo() plugin.Algorithm {
	return plugin.Algorithm{
		Code: "F1-TDT-INFO", Tells: "Makes the line that says what a To Do of the type is about.",
		Spots: []plugin.Spot{{Owner: "todo_type", Event: "information"}}, Parameters: toDoInfoParameters(),
	}
}

func toDoInfoParameters() (all []plugin.Parameter) {
	choices := slices.Sorted(maps.Keys(toDoFields()))
	for i := 1; i <= toDoInfoFields; i++ {
		n := strconv.Itoa(i)
		all = append(all,
			plugin.Parameter{Name: "FIELD-" + n, Kind: plugin.Choice, Required: i == 1, Choices: choices, Tells: "Field " + n + " of the line."},
			plugin.Parameter{Name: "DELIMITER-" + n, Kind: plugin.Words, Tells: "What stands behind it when another field follows; a space when it is not told."})
	}
	return all
}

// toDoFields are the fields that a line may have.
func toDoFields() map[string]func(todo.Subject) string {
	key := func(keys func(todo.Entry) []string, i int) func(todo.Subject) string {
		return func(s todo.Subject) string {
			if all := keys(s.Entry); i < len(all) {
				return all[i]
			}
			return ""
		}
	}
	fields := map[string]func(todo.Subject) string{
		"ID":     func(s todo.Subject) string { return s.Entry.ID.String() },
		"TYPE":   func(s todo.Subject) string { return string(s.Entry.Type) },
		"STATUS": func(s todo.Subject) string { return string(s.Entry.Status()) },
		"TYPE-DESCRIPTION": func(s todo.Subject) string {
			kind, _ := s.Config.ToDoType(string(s.Entry.Type))
			return kind.Description
		},
		"MESSAGE": func(s todo.Subject) string {
			t := s.Entry.Text
			return s.Config.Text(t.Category, t.Number, "", t.Parameters...)
		},
		"SUBJECT":  func(s todo.Subject) string { return s.Entry.Subject },
		"REASON":   func(s todo.Subject) string { return s.Entry.Reason },
		"ROLE":     func(s todo.Subject) string { return s.Entry.Role },
		"USER":     func(s todo.Subject) string { return s.Entry.User },
		"PRIORITY": func(s todo.Subject) string { return strconv.Itoa(s.Entry.Priority) },
		"DIVISION": func(s todo.Subject) string { return s.Entry.Division },
		"CREATED": func(s todo.Subject) string {
			return s.Entry.OpenedAt.In(s.Config.Zone(s.Entry.Division)).Format(time.DateOnly)
		},
	}
	for i := range 5 {
		n := strconv.Itoa(i + 1)
		fields["DRILL-"+n] = key(func(e todo.Entry) []string { return e.Drill }, i)
		fields["SORT-"+n] = key(func(e todo.Entry) []string { return e.Sort }, i)
	}
	return fields
}
