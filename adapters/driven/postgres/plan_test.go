package postgres_test

import (
	"context"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"carillon/adapters/driven/postgres"
)

// crowd fills the tables that grow: two lanes with 20,000 rows each, half of them due, and messages with evidence.
const crowd = `
insert into due (lane, due_at, message, first_due_at, seq, fence, reason, priority, attempt, owner)
    select n % 2, n * 1000, (lpad(to_hex(n), 12, '0') || repeat('0', 20))::uuid, n * 1000, 0, 0, 1, 0, 0, '' from generate_series(1, 40000) n;
insert into message (id, accepted_at, source, division, origin, contact, step, steps, channel, urgency, route, lane, person,
    point, name, language, address, zones, account, reference, template, config, content, expires_at, receipt, hold, doubt,
    marketing)
    select message, due_at, '', '', 1, 0, 1, 1, case lane when 0 then 'sms' else 'email' end, 2, '', lane, 0, 0, '', '',
        'address' || due_at, '', '', '', '', 1, '', 0, 0, 0, 0, false from due;
insert into evidence (message, seq, at, kind, attempt, reason, code, provider, ref, took)
    select message, 1, due_at, 2, 1, '', '', '', '', 0 from due;`

// TestPlans proves that what runs all day goes by an index, whatever the planner knows or guesses.
func TestPlans(t *testing.T) {
	for name, variable := range servers() {
		t.Run(name, func(t *testing.T) {
			server := newServer(t, variable)
			ctx := t.Context()
			conn, err := pgx.Connect(ctx, server.database(t))
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close(ctx)
			if _, err := conn.Exec(ctx, crowd); err != nil {
				t.Fatal(err)
			}
			for _, analysed := range []string{"", "analyze"} {
				for _, mode := range []string{"force_custom_plan", "force_generic_plan"} {
					t.Run(mode+" "+analysed, func(t *testing.T) {
						run(ctx, t, conn, analysed)
						run(ctx, t, conn, "set plan_cache_mode = "+mode)
						plans(ctx, t, conn)
					})
				}
			}
		})
	}
}

// TestPipeline proves what the store stands on: a batch is a transaction of its own, in which a local setting holds to
// the end and not beyond, and whose failure undoes what went before.
func TestPipeline(t *testing.T) {
	for name, variable := range servers() {
		t.Run(name, func(t *testing.T) {
			ctx := t.Context()
			conn, err := pgx.Connect(ctx, newServer(t, variable).url)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close(ctx)
			run(ctx, t, conn, "create temporary table kept (n int)")
			for range 3 { // prepared at first, planned anew, and at last from the cache
				var during, after string
				batch := &pgx.Batch{}
				batch.Queue("insert into kept values (1)")
				batch.Queue(postgres.ByIndex)
				batch.Queue("select current_setting('enable_sort')").QueryRow(func(row pgx.Row) error { return row.Scan(&during) })
				batch.Queue("select 1 / 0")
				if err := conn.SendBatch(ctx, batch).Close(); err == nil {
					t.Fatal("a division by nought passes")
				}
				kept := -1
				if err := conn.QueryRow(ctx, "select count(*), current_setting('enable_sort') from kept").Scan(&kept, &after); err != nil {
					t.Fatal(err)
				}
				if during != "off" || after != "on" || kept != 0 {
					t.Fatalf("sorting was %s and is %s, %d rows were kept; want off, on and none", during, after, kept)
				}
			}
		})
	}
}

func plans(ctx context.Context, t *testing.T, conn *pgx.Conn) {
	t.Helper()
	const someone = `'{00000000-0000-7000-8000-000000000000}'`
	for _, c := range []struct{ name, statement, args, index string }{
		{"claim", postgres.Claim, `1::smallint, 20000000, 1000, 500, 90000000, 'one', 8::smallint`, "using due_pkey on due"},
		{"settle", postgres.Settle, `'{1}', '{1000}', ` + someone + `, '{1}', 1`, "using due_"},
		{"requeue", postgres.Requeue, `'{1}', '{1000}', ` + someone + `, '{1}', '{1}', '{1}', '{1}', '{1}', '{f}', 1`, "using due_"},
		{"messages", postgres.SelectMessages, someone, "using message_p0_pkey"},
		{"evidence", postgres.SelectEvidence, someone, "using evidence_p0_pkey"},
		{"last text", postgres.LastText, `'address1000'`, "using message_p0_texted"},
		{"inbox", postgres.SelectReports, `1000, 100`, "using report_waiting"},
		{"leaves", postgres.SelectLeaves, `1000, 100`, "using ledger_entry_p0_pkey"},
		{"entries", postgres.SelectEntries, `'{1,500}', '{100,100}'`, "using ledger_entry_p0_pkey"},
		{"contacts of a person", postgres.ContactsOfPerson, `7, 1000, 10`, "contact_p0_person"},
		{"contacts of an account", postgres.ContactsOfAccount, `'a', 1000, 10`, "contact_p0_account"},
		{"contacts of a premise", postgres.ContactsOfPremise, `'p', 1000, 10`, "contact_p0_premise"},
		{"entries of contacts", postgres.SelectTold, `'{1,500}', 1000, 1000, 10`, "ledger_entry_p0_contact"},
		{"reminders", postgres.DueReminders, `'2026-03-01', 1, 1, '2026-03-31', 1, 1, 10`, "using reminder_waiting"},
		{"quantiles of reminders", postgres.ReminderQuantiles, `'2026-03-01', 8`, "using reminder_waiting"},
		{"marking reminders", postgres.MarkReminders, `'{1}', '{1}', '{1}', '{1}', 1`, "using reminder_"},
		{"accounts of a source", postgres.AccountsByExternal, `'cis', '{a,b}', 0`, "external"},
		{"premises of a source", postgres.PremisesByExternal, `'cis', '{a,b}'`, "external"},
		{"agreements of accounts", postgres.AgreementsOfAccounts, `'{1,2}'`, "using agreement_account"},
		{"completing reminders", postgres.EndReminders, `'{1}', '{1}'`, "using reminder_todo"},
		{"seals", postgres.SelectSeals, `1000, 100`, "using ledger_seal_pkey"},
		{"tiles", postgres.SelectTiles, `'{0,1}', '{5,0}'`, "using ledger_tile_pkey"},
		{"unsealed", postgres.SelectUnsealed, ``, "using ledger_entry_p0_pkey"},
	} {
		t.Run(c.name, func(t *testing.T) {
			run(ctx, t, conn, "begin")
			defer run(ctx, t, conn, "rollback")
			run(ctx, t, conn, postgres.ByIndex)
			run(ctx, t, conn, "prepare planned as "+c.statement)
			defer run(ctx, t, conn, "deallocate planned")
			plan := explain(ctx, t, conn, strings.TrimSuffix("explain execute planned("+c.args+")", "()"))
			if !strings.Contains(plan, c.index) {
				t.Errorf("does not go %s:\n%s", c.index, plan)
			}
			for _, bad := range []string{"Seq Scan on due", "Seq Scan on message", "Seq Scan on evidence"} {
				if strings.Contains(plan, bad) {
					t.Errorf("%s:\n%s", bad, plan)
				}
			}
			if c.name == "claim" && strings.Contains(plan, "Sort") {
				t.Errorf("the claim sorts:\n%s", plan)
			}
		})
	}
}

func run(ctx context.Context, t *testing.T, conn *pgx.Conn, statement string) {
	t.Helper()
	if _, err := conn.Exec(ctx, statement, pgx.QueryExecModeSimpleProtocol); err != nil {
		t.Fatalf("%.40s: %v", statement, err)
	}
}

func explain(ctx context.Context, t *testing.T, conn *pgx.Conn, statement string) string {
	t.Helper()
	rows, err := conn.Query(ctx, statement, pgx.QueryExecModeSimpleProtocol)
	if err != nil {
		t.Fatal(err)
	}
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(lines, "\n")
}
