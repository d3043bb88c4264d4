package postgres_test

import (
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"carillon/adapters/driven/postgres"
	"carillon/core/store"
	"carillon/core/todo"
)

// What the release before the wide To Do writes.
const (
	narrowToDo = `
insert into todo (type, about, source, division, contact, message, reason, opened_at)
select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::uuid[], $7::text[], $8::bigint[])
on conflict (type, about) where completed_at = 0 do nothing`

	narrowDone = `
update todo t set completed_at = i.at, by = i.by, outcome = i.outcome
from unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::text[]) as i (type, about, at, by, outcome)
where t.type = i.type and t.about = i.about and t.completed_at = 0`
)

// TestToDosOfBoth: two releases open and complete entries side by side. What the older one opened is everybody's, and what
// it completes stays complete, whoever was at it.
func TestToDosOfBoth(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	pool, err := pgxpool.New(ctx, newServer(t, "TEST_POSTGRES_URL").database(t))
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	s := postgres.OnPool(pool)
	now := time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC)
	older := func(statement string, args ...any) {
		t.Helper()
		if _, err := pool.Exec(ctx, statement, args...); err != nil {
			t.Fatal(err)
		}
	}
	newer := func(w store.Writes, want store.Outcome) {
		t.Helper()
		if v, err := s.Apply(ctx, w); err != nil || v[0].Outcome != want {
			t.Fatalf("%+v: %v", v, err)
		}
	}
	open := func() []todo.Entry {
		t.Helper()
		all, err := s.ToDoList(ctx, todo.Filter{}, 0, 9)
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	older(narrowToDo, []string{"IN-DOUBT"}, []string{"message:1"}, []string{"cis"}, []string{"NORTH"}, []int64{7}, []*[16]byte{nil}, []string{"ambiguous"}, []int64{now.UnixMicro()})
	newer(store.Writes{ToDo: &store.ToDoWrites{ToDos: []todo.Entry{
		{Type: "IN-DOUBT", About: "message:1", OpenedAt: now}, {Type: "IN-DOUBT", About: "message:2", Division: "NORTH", OpenedAt: now, Role: "CSR"},
	}}}, store.Applied)
	all := open()
	if len(all) != 2 || all[0].About != "message:1" || all[0].Role != "" || all[0].Priority != todo.DefaultPriority || all[0].Revision != 1 || all[0].ID >= all[1].ID {
		t.Fatalf("%+v", all)
	}
	move, err := all[0].Assign("ada", todo.Act{At: now, By: "ada"})
	if err != nil {
		t.Fatal(err)
	}
	newer(store.Writes{ToDo: &store.ToDoWrites{ToDoMoves: []todo.Move{move}}}, store.Applied)
	older(narrowDone, []string{"IN-DOUBT", "IN-DOUBT"}, []string{"message:1", "message:2"}, []int64{now.UnixMicro(), now.UnixMicro()}, []string{"", ""}, []string{"delivered", "delivered"})
	if left := open(); len(left) != 0 {
		t.Errorf("%+v", left)
	}
	hold, err := move.To.Hold(todo.Act{At: now, By: "ada"})
	if err != nil {
		t.Fatal(err)
	}
	newer(store.Writes{ToDo: &store.ToDoWrites{ToDoMoves: []todo.Move{hold}}}, store.Conflict)
}
