package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"carillon/core/access"
	"carillon/core/algorithm"
	"carillon/core/batch"
	"carillon/core/config"
	"carillon/core/control"
	"carillon/core/customer"
	"carillon/core/plugin"
	"carillon/core/store"
	"carillon/core/todo"
)

const rawReminders = "one set-based statement of the same rows"

func reminderName(o Options) string {
	return fmt.Sprintf("Carillon TD-CCCB, %d threads, a commit of %d", o.Workers, reminderCommit)
}

func brokenName(o Options) string {
	return fmt.Sprintf("Carillon TD-CCCB, %d threads, killed in the middle, restarted, run again", o.Workers)
}

// reminderSubjects makes To Dos of reminders that wait, with every algorithm that hangs on their opening.
func reminderSubjects(g *Gateway) []Subject {
	return []Subject{
		{Name: reminderName(g.options), Base: rawReminders, Rounds: reminderRounds, Run: g.reminded},
		{Name: rawReminders, Base: rawReminders, Rounds: reminderRounds, Run: g.rawReminded},
		{Name: brokenName(g.options), Base: rawReminders, Steady: true, Rounds: 1, Run: g.broken},
	}
}

// reminderRounds is how often the two are compared: a million reminders take a minute.
const reminderRounds = 3

// reminderCommit is how many reminders stand between commits.
const reminderCommit = 200

// nightAccounts is how many accounts the reminders are about.
const nightAccounts = 5000

// night is the work of a night: the batch with its rows.
type night struct {
	g        *Gateway
	operator *batch.Operator
	floor    *batch.Floor
}

// nobody watches.
type nobody struct{}

func (nobody) Committed(string, int64, int64) {}
func (nobody) Ended(control.Run)              {}

// newNight wires TD-CCCB as cmd/internal/gateway does.
func (g *Gateway) newNight() (*night, error) {
	d := document(g.options.Slots)
	d.Installation.ReminderType = "TD-CCCB"
	d.CharacteristicTypes = []config.CharacteristicType{
		{Code: "PER-ID", Entities: []string{"todo"}, Names: "person"},
		{Code: "ACCT-ID", Entities: []string{"todo"}, Names: "account"},
		{Code: "PREM-ID", Entities: []string{"todo"}, Names: "premise"},
	}
	d.Users = []config.User{{Name: "ada"}}
	d.ToDoRoles = []config.ToDoRole{{Code: "CSR", Users: []string{"ada"}}, {Code: "KEYACCTS", Groups: []string{"NORTH/KEY"}}}
	d.ToDoTypes = []config.ToDoType{{
		Code: "TD-CCCB", Roles: []string{"CSR", "KEYACCTS"}, DefaultRole: "CSR", DrillKeys: []string{"contact", "log"}, SortKeys: []string{"date", "person"},
	}}
	d.Plugs = []config.Plug{
		{Owner: "installation", Event: "todo_pre_creation", Sequence: 10, Code: "C1-TDCR-CHAR", Parameters: plugin.Parameters{"PERSON": "PER-ID", "ACCOUNT": "ACCT-ID", "PREMISE": "PREM-ID"}},
		{Owner: "installation", Event: "todo_pre_creation", Sequence: 20, Code: "C1-TDCR-DFRL"},
	}
	snapshot, err := config.Compile(1, d)
	if err != nil {
		return nil, err
	}
	rules := func() todo.Rules { return todo.Rules{Config: snapshot, Algorithms: algorithm.ToDos()} }
	book := batch.Book{{
		Code: batch.ReminderBatch, Parameters: batch.ReminderParameters(),
		Job: batch.Of(batch.Reminders{Facts: g.store, Numbers: g.store, Rules: rules}),
	}}
	door := store.Opener{Applier: g.store, Rules: rules}
	return &night{
		g: g, operator: &batch.Operator{Store: door, Facts: g.store, Configs: fixed{snapshot}, Book: book, Since: clock()},
		floor: &batch.Floor{Store: door, Facts: g.store, Book: book, Watch: nobody{}, Lease: time.Minute},
	}, nil
}

// fill puts so many reminders there that wait, and nothing else.
func (n *night) fill(ctx context.Context, rows int) error {
	tables := "reminder, todo, todo_characteristic, todo_log, batch_run, batch_thread, batch_error, account, account_person"
	if err := Reset(ctx, n.g.raw); err != nil {
		return err
	}
	if _, err := n.g.raw.Exec(ctx, "truncate "+tables); err != nil {
		return err
	}
	var sets []store.Writes
	for i := range nightAccounts {
		a := customer.Account{
			ID: customer.AccountID(1_000_000_001 + i), Source: "cis", ExternalID: fmt.Sprintf("A-%d", i), Division: "NORTH", Version: 1, Revision: 1,
			Currency: "USD", Persons: []customer.AccountPerson{{Person: n.g.persons[i%len(n.g.persons)], Main: true}}, UpdatedAt: clock(),
		}
		if i%20 == 0 {
			a.ManagementGroup = "KEY"
		}
		sets = append(sets, store.Writes{Customer: &store.CustomerWrites{Accounts: []customer.Account{a}}})
	}
	for part := range slices.Chunk(sets, 500) {
		verdicts, err := n.g.store.Apply(ctx, part...)
		if err := errors.Join(err, allApplied(verdicts)); err != nil {
			return err
		}
	}
	const put = `
insert into reminder (contact, log, source, division, kind, send_to, trigger_date, person, account, premise)
select 1000000000 + i, 1000000000 + i, 'cis', 'NORTH', case when i % 10 = 0 then 'user' else 'role' end,
    case when i % 10 = 0 then 'ada' else 'CSR' end, '2026-03-' || lpad((1 + i % 31)::text, 2, '0'), 1000000000 + i % 5000,
    'A-' || i % $2, 'P-' || i % 5000
from generate_series(1, $1) i`
	if _, err := n.g.raw.Exec(ctx, put, rows, nightAccounts); err != nil {
		return err
	}
	if _, err := n.g.store.Extend(ctx, clock()); err != nil {
		return err
	}
	_, err := n.g.raw.Exec(ctx, "vacuum (analyze) "+tables)
	return err
}

// start asks for a run and returns its number.
func (n *night) start(ctx context.Context) (int64, error) {
	who := access.Principal{Name: "bench", Roles: []access.Role{access.SRE}}
	v, err := n.operator.Start(ctx, clock(), who, batch.ReminderBatch, batch.Ask{BusinessDate: "2026-03-31", Threads: n.g.options.Workers, Parameters: map[string]string{batch.Commit: strconv.Itoa(reminderCommit)}})
	return v.Run.Number, err
}

// work lets workers take turns until there is nothing to do, or each has taken so many where that is not 0.
func (n *night) work(ctx context.Context, name string, at func() time.Time, most int) error {
	workers, ctx := errgroup.WithContext(ctx)
	for i := range n.g.options.Workers {
		hand := &batch.Worker{Floor: n.floor, Name: fmt.Sprint(name, i)}
		workers.Go(func() error {
			for turn := 0; most == 0 || turn < most; turn++ {
				more, err := hand.Turn(ctx, at())
				if err != nil || !more {
					return err
				}
			}
			return nil
		})
	}
	return workers.Wait()
}

// proven fails unless every reminder has become one To Do with all that hangs on it.
func (n *night) proven(ctx context.Context, rows int) error {
	const count = `
select (select count(*) from todo), (select count(distinct about) from todo), (select count(*) from todo_log),
    (select count(*) from todo_characteristic), (select count(*) from reminder where todo <> 0),
    (select count(*) from ledger_entry where kind = 'reminder.made')`
	var got [6]int
	if err := n.g.raw.QueryRow(ctx, count).Scan(&got[0], &got[1], &got[2], &got[3], &got[4], &got[5]); err != nil {
		return err
	}
	if want := [6]int{rows, rows, rows, 3 * rows, rows, rows}; got != want {
		return fmt.Errorf("entries, things they are about, log rows, characteristics, reminders made and told: %v, want %v", got, want)
	}
	return nil
}

// sized is how many reminders a round has: all of them, or in the round that counts for nothing a part.
func (g *Gateway) sized(rows int) int {
	if rows < g.options.Rows {
		return max(g.options.Reminders/10, 1)
	}
	return g.options.Reminders
}

func (g *Gateway) reminded(ctx context.Context, rows int) (Sample, error) {
	rows = g.sized(rows)
	n, err := g.newNight()
	if err != nil {
		return Sample{}, err
	}
	if err := n.fill(ctx, rows); err != nil {
		return Sample{}, err
	}
	if _, err := n.start(ctx); err != nil {
		return Sample{}, err
	}
	s, err := g.run(ctx, "reminders", rows, func() error { return n.work(ctx, "one", clock, 0) })
	return s, errors.Join(err, n.proven(ctx, rows))
}

// broken kills the workers in the middle, lets others go on when the leases have run out, and runs the same date again.
func (g *Gateway) broken(ctx context.Context, _ int) (Sample, error) {
	rows := g.sized(g.options.Rows)
	n, err := g.newNight()
	if err != nil {
		return Sample{}, err
	}
	if err := n.fill(ctx, rows); err != nil {
		return Sample{}, err
	}
	number, err := n.start(ctx)
	if err != nil {
		return Sample{}, err
	}
	later := func() time.Time { return clock().Add(2 * time.Minute) }
	s, err := g.run(ctx, "reminders, broken", rows, func() error {
		if err := n.work(ctx, "dead", clock, max(rows/reminderCommit/g.options.Workers/2, 1)); err != nil {
			return err
		}
		return n.work(ctx, "heir", later, 0)
	})
	if err := errors.Join(err, n.proven(ctx, rows)); err != nil {
		return s, err
	}
	v, err := g.store.BatchRun(ctx, batch.ReminderBatch, number)
	if err != nil {
		return s, err
	}
	if v.Run.State != control.Complete || len(v.Threads) <= len(v.Latest()) {
		return s, fmt.Errorf("the run is %s with %d instances of %d threads", v.Run.State, len(v.Threads), len(v.Latest()))
	}
	if _, err := n.start(ctx); err != nil {
		return s, err
	}
	return s, errors.Join(n.work(ctx, "again", later, 0), n.proven(ctx, rows))
}

// setBased is what TD-CCCB does, as one statement over all of the reminders.
const setBased = `
with due as materialized (
    select r.*, $1 + row_number() over (order by r.trigger_date, r.contact, r.log) - 1 as entry,
        $2 + row_number() over (order by r.trigger_date, r.contact, r.log) - 1 as leaf, a.id as loaded,
        coalesce(a.detail::json->>'managementGroup', '') = 'KEY' as key
    from reminder r left join account a on a.source = r.source and a.external_id = r.account
    where r.todo = 0 and r.trigger_date <= $3),
opened as (
    insert into todo (id, type, about, source, division, contact, reason, opened_at, role, assignee, assigned_at, priority,
        parameters, drill, sort, batch, run)
    select entry, 'TD-CCCB', source || ':' || contact || '/' || log, source, division, contact, 'reminder', $4::bigint,
        case when key and kind = 'role' then 'KEYACCTS' else 'CSR' end, case when kind = 'user' then send_to else '' end,
        case when kind = 'user' then $4::bigint else 0 end, 5, contact || chr(31) || trigger_date, contact || chr(31) || log,
        trigger_date || chr(31) || person, 'TD-CCCB', 1
    from due),
chars as (
    insert into todo_characteristic (todo, type, value)
    select entry, 'PER-ID', person::text from due
    union all select entry, 'ACCT-ID', coalesce(loaded::text, account) from due
    union all select entry, 'PREM-ID', premise from due),
logs as (
    insert into todo_log (todo, at, kind, by, assignee, role, comment)
    select entry, $4::bigint, 'created', '', case when kind = 'user' then send_to else '' end, case when key and kind = 'role' then 'KEYACCTS' else 'CSR' end, '' from due),
told as (
    insert into ledger_entry (id, at, kind, source, division, contact, body)
    select leaf, $4::bigint, 'reminder.made', source, division, contact, json_build_object('v', 1, 'at', $5::text, 'kind', 'reminder.made',
        'source', source, 'division', division, 'contact', contact::text, 'person', person::text, 'account', account,
        'code', log::text, 'by', 'TD-CCCB', 'run', 1)::text from due),
mark as (
    insert into ledger_mark (first, n) select $2, count(*) from due)
update reminder r set todo = d.entry, made_at = $4::bigint from due d where r.contact = d.contact and r.log = d.log`

func (g *Gateway) rawReminded(ctx context.Context, rows int) (Sample, error) {
	rows = g.sized(rows)
	n, err := g.newNight()
	if err != nil {
		return Sample{}, err
	}
	if err := n.fill(ctx, rows); err != nil {
		return Sample{}, err
	}
	s, err := g.run(ctx, "reminders, set-based", rows, func() error {
		return pgx.BeginFunc(ctx, g.raw, func(tx pgx.Tx) error {
			var entry, leaf int64
			for name, to := range map[string]*int64{"todo": &entry, "ledger": &leaf} {
				const draw = `update number set next = next + $2 where name = $1 returning next - $2`
				if err := tx.QueryRow(ctx, draw, name, rows).Scan(to); err != nil {
					return err
				}
			}
			_, err := tx.Exec(ctx, setBased, entry, leaf, "2026-03-31", micros(clock()), clock().Format(time.RFC3339Nano))
			return err
		})
	})
	return s, errors.Join(err, n.proven(ctx, rows))
}
