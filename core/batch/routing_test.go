package batch_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"carillon/core/batch"
	"carillon/core/config"
	"carillon/core/control"
	"carillon/core/fault"
	"carillon/core/message"
	"carillon/core/plugin"
	"carillon/core/store"
	"carillon/core/todo"
)

// outbox writes emails, and keeps the entries that are to be routed.
type outbox struct {
	entries []todo.Entry
	fails   map[string]error // by user
}

func (o *outbox) ToDoList(_ context.Context, f todo.Filter, after todo.ID, limit int) (found []todo.Entry, err error) {
	for _, e := range o.entries {
		if e.Type == f.Type && e.ID > after && e.RoutedAt.IsZero() && len(found) < limit {
			found = append(found, e)
		}
	}
	return found, nil
}

func (o *outbox) ToDoCount(ctx context.Context, f todo.Filter) (int64, error) {
	found, err := o.ToDoList(ctx, f, 0, 1000)
	return int64(len(found)), err
}

func (o *outbox) Mail(_ context.Context, _ time.Time, e todo.Entry, to config.User, _ plugin.SendEmail) (store.Writes, error) {
	if err := o.fails[to.Name]; err != nil {
		return store.Writes{}, err
	}
	return store.Writes{Message: &store.MessageWrites{Messages: []message.Message{{ID: message.ID{to.Name[0]}, Origin: message.Origin{Kind: message.FromToDo, ToDo: int64(e.ID)}}}}}, nil
}

func TestRouting(t *testing.T) {
	t.Parallel()
	cfg, err := config.Compile(1, config.Document{
		Divisions: []config.Division{{Code: "NORTH", Zone: "America/New_York", Country: "US", Language: "en-US"}},
		Elements: config.Elements{
			Users:     []config.User{{Name: "ada", Email: "ada@utility.example"}, {Name: "ben", Email: "ben@utility.example"}, {Name: "cleo"}},
			ToDoRoles: []config.ToDoRole{{Code: "R", Users: []string{"ada", "ben", "cleo"}}},
			ToDoTypes: []config.ToDoType{
				{Code: "B", Roles: []string{"R"}, DefaultRole: "R"}, {Code: "A", Roles: []string{"R"}, DefaultRole: "R"}, {Code: "QUIET", Roles: []string{"R"}, DefaultRole: "R"},
			},
			Plugs: []config.Plug{
				{Owner: "todo_type:A", Event: "external_routing", Sequence: 10, Code: "MAIL"}, {Owner: "todo_type:B", Event: "external_routing", Sequence: 10, Code: "MAIL"},
			},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	mail := func(_ todo.Subject, to []config.User, _ plugin.Parameters) (mails []plugin.SendEmail) {
		for _, u := range to {
			if u.Email != "" {
				mails = append(mails, plugin.SendEmail{User: u.Name})
			}
		}
		return mails
	}
	rules := todo.Rules{Config: cfg, Algorithms: todo.Algorithms{Routing: map[string]todo.Routing{"MAIL": mail}}}
	open := func(o *outbox) batch.Routing {
		return batch.Routing{Facts: o, Rules: func() todo.Rules { return rules }, Mails: o}
	}
	entry := func(id todo.ID, kind todo.Type, user string) todo.Entry {
		return todo.Entry{ID: id, Type: kind, Role: "R", User: user, Division: "NORTH", Revision: 1}
	}
	now := time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC)

	t.Run("goes through the types that are routed, page by page, and meets each entry once", func(t *testing.T) {
		t.Parallel()
		done := entry(20000000000005, "A", "")
		done.RoutedAt = now
		o := &outbox{entries: []todo.Entry{
			entry(20000000000001, "B", ""), entry(20000000000002, "A", ""), entry(20000000000003, "QUIET", ""), entry(20000000000004, "A", ""), done, entry(20000000000006, "B", ""),
		}}
		r := open(o)
		if ranges, err := r.Plan(t.Context(), now, control.Run{}); err != nil || len(ranges) != 1 || ranges[0].Rows != 4 {
			t.Errorf("%+v: %v", ranges, err)
		}
		for limit := 1; limit <= 5; limit++ {
			var got []todo.ID
			for after := ""; ; {
				page, err := r.Page(t.Context(), control.Run{}, after, "~", limit)
				if err != nil {
					t.Fatal(err)
				}
				for _, e := range page {
					got = append(got, e.ID)
					if r.Key(e) <= after {
						t.Errorf("%s comes after %s", r.Key(e), after)
					}
					after = r.Key(e)
				}
				if len(page) < limit {
					break
				}
			}
			if !slices.Equal(got, []todo.ID{20000000000002, 20000000000004, 20000000000001, 20000000000006}) {
				t.Errorf("%d at a time: %v", limit, got)
			}
		}
		if ranges, err := open(&outbox{}).Plan(t.Context(), now, control.Run{}); err != nil || ranges != nil {
			t.Errorf("nothing to do: %+v, %v", ranges, err)
		}
	})
	for _, row := range []struct {
		says    string
		user    string
		fails   map[string]error
		emails  int
		comment string
		wrong   bool
	}{
		{"writes to every user of the role that has an address", "", nil, 2, "emails: 2", false},
		{"writes to the user it is assigned to", "ben", nil, 1, "emails: 1", false},
		{"logs that nobody has an address, and goes on", "cleo", nil, 0, "emails: 0", false},
		{"tells of an email that cannot be written, and writes the others", "", map[string]error{"ada": fault.New(fault.Invalid, "too long")}, 1, "emails: 1", true},
	} {
		t.Run(row.says, func(t *testing.T) {
			t.Parallel()
			e := entry(20000000000001, "A", row.user)
			results, err := open(&outbox{fails: row.fails}).Do(t.Context(), now, control.Run{}, []todo.Entry{e})
			if err != nil || len(results) != 1 || (results[0].Err != nil) != row.wrong {
				t.Fatalf("%+v: %v", results, err)
			}
			w := results[0].Writes
			if len(store.Of(w.Message).Messages) != row.emails || len(store.Of(w.ToDo).ToDoMoves) != 1 {
				t.Fatalf("%+v", w)
			}
			m := store.Of(w.ToDo).ToDoMoves[0]
			if m.Log.Kind != todo.Routed || m.Log.Comment != row.comment || !m.To.RoutedAt.Equal(now) || m.From.Revision != 1 || m.Log.Message.IsZero() != (row.emails == 0) {
				t.Errorf("%+v", m)
			}
			if len(store.Of(w.Ledger).Entries) != 1 || store.Of(w.Ledger).Entries[0].ToDo != "20000000000001" {
				t.Errorf("%+v", store.Of(w.Ledger).Entries)
			}
		})
	}
	t.Run("tries all again when the store is away", func(t *testing.T) {
		t.Parallel()
		o := &outbox{fails: map[string]error{"ada": fault.New(fault.Unavailable, "away")}}
		if _, err := open(o).Do(t.Context(), now, control.Run{}, []todo.Entry{entry(20000000000001, "A", "ada")}); !fault.Is(err, fault.Unavailable) {
			t.Error(err)
		}
	})
}
