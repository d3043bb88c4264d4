package postgres_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"carillon/adapters/driven/postgres"
)

// filled fills the tables as half a year of work leaves them: messages of five months in two lanes, all of them due in
// turn, contacts and ledger entries in three blocks, and what hangs on them. Message n is acceptance n.
const filled = `
create function nth(n bigint) returns uuid language sql immutable as $$
    select (lpad(to_hex(BASE + n * (12960000000 / ROWS)), 12, '0') || '7000' || lpad(to_hex(n), 16, '0'))::uuid $$;
insert into message (id, accepted_at, source, division, origin, contact, step, steps, channel, urgency, route, lane, person,
    point, name, language, address, zones, account, reference, template, config, content, expires_at, receipt, hold, doubt,
    marketing)
    select nth(n), (BASE + n * (12960000000 / ROWS)) * 1000, 'cis', 'north', 1, 1000000000 + n * (25000000 / ROWS), 1, 1,
        case n % 4 when 0 then 'sms' else 'email' end, 2, 'route', n % 2, 0, n, '', '', 'address' || n, '', '', '', 'T', 1, 'content', 0, 0, 0, 0, false
    from generate_series(1, ROWS) n;
insert into due (lane, due_at, message, first_due_at, seq, fence, reason, priority, attempt, owner)
    select n % 2, n * 1000, nth(n), n * 1000, 0, 0, 1, 0, 0, '' from generate_series(1, ROWS) n;
insert into evidence (message, seq, at, kind, attempt, reason, code, provider, ref, took)
    select nth(n), 1, n, 2, 1, '', '', 'sns', '', 0 from generate_series(1, ROWS / 2) n;
insert into contact (id, accepted_at, source, division, reference, class, type, person, account, premise, data, inline, expires_at, config, by)
    select 1000000000 + n * (25000000 / ROWS), (BASE + n * (12960000000 / ROWS)) * 1000, 'cis', 'north', '', '', '', 0, '', '', '', '', 0, 1, ''
    from generate_series(1, ROWS, 3) n;
insert into plan select 1000000000 + n * (25000000 / ROWS), 1 from generate_series(1, ROWS, 3) n;
insert into step select 1000000000 + n * (25000000 / ROWS), 1, nth(n), 0, '' from generate_series(1, ROWS, 3) n;
insert into ledger_entry select n * (250000000 / ROWS), n, 'k', 'cis', 'north', 0, '{}' from generate_series(1, ROWS, 2) n;
insert into ledger_seal select n, n * (250000000 / ROWS), 1, n from generate_series(1, ROWS, 20) n;
insert into ledger_mark (first, n) select n * (250000000 / ROWS), 1 from generate_series(2, 2000) n;
insert into intake_key select 1, 'cis', 'key' || n, 'north', '\x00', n, n from generate_series(1, ROWS, 3) n;
insert into deadline select nth(n), 1, n from generate_series(1, ROWS, 5) n;
insert into provider_ref select 'sns', 'ref' || n, nth(n), n from generate_series(1, ROWS, 5) n;
insert into suppression select 'sms', 'address' || n, 'north', 'stop', '', n from generate_series(1, ROWS, 20) n;
insert into point select n, n, 0, 'phone', 'address' || n, '', '', false, '', 0 from generate_series(1, ROWS, 20) n;
insert into person (id, source, external_id, division, version, names, language, account, updated_at)
    select n, 'cis', 'P' || n, case n % 4 when 0 then 'south' else 'north' end, 1, '', '', '', 0 from generate_series(1, ROWS, 5) n;
insert into search_word select 1, 'first' || n % 997, n from generate_series(1, ROWS, 5) n;
insert into search_word select 1, 'last' || n % 4999, n from generate_series(1, ROWS, 5) n;
insert into search_word select 2, 'street' || n % 97, n from generate_series(1, ROWS, 5) n;
insert into search_word select 3, 'street' || n % 97, n from generate_series(1, ROWS, 20) n;
insert into premise select n, 'cis', 'M' || n, 'north', 1, 1, '', '', 0 from generate_series(1, ROWS, 20) n;
insert into identifier select n, 0, 'SSN', 'key' || n, 'key' || n, true, true from generate_series(1, ROWS, 20) n;
insert into account select n, 'cis', 'A' || n, 'north', 1, 1, 'M' || n, '', '', 0 from generate_series(1, ROWS, 20) n;
insert into account_person select n, 0, n, '' from generate_series(1, ROWS, 20) n;
insert into agreement select n, 'cis', 'S' || n, 'north', 1, n, '', '', '20', '', '', '', '0', '0', '', 0 from generate_series(1, ROWS, 20) n;
insert into report (provider, key, message, ref, at, says, reason, code, undeliverable, suppress, from_address, to_sender, word, received_at, look_at, done)
    select 'sns', 'report' || n, null, 'ref' || n, n, 'failed', '', '', false, '', '', '', '', n, n, n % 100 <> 1 from generate_series(1, ROWS, 10) n;`

// node is a node of a plan that was carried out.
type node struct {
	Type     string  `json:"Node Type"`
	Relation string  `json:"Relation Name"`
	Index    string  `json:"Index Name"`
	Loops    float64 `json:"Actual Loops"`
	Plans    []node
}

// each calls f for every node that was carried out.
func (n node) each(f func(node)) {
	if n.Loops > 0 {
		f(n)
	}
	for _, child := range n.Plans {
		child.each(f)
	}
}

// TestPlansAtSize proves at a million messages in seven partitions that every hot statement goes along an index and
// into no more partitions than hold what it wants, before and after the statistics are taken, planned for its values
// or for any.
func TestPlansAtSize(t *testing.T) {
	if testing.Short() {
		t.Skip("fills a store")
	}
	t.Parallel()
	for name, variable := range servers() {
		t.Run(name, func(t *testing.T) {
			ctx := t.Context()
			rows := map[string]int{"newest": 1_000_000, "oldest": 250_000}[name]
			conn, err := pgx.Connect(ctx, newServer(t, variable).database(t))
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close(context.WithoutCancel(ctx))
			var base int64
			if err := conn.QueryRow(ctx, `select high - 1728000000 from partition where parent = 'message' and low = 0`).Scan(&base); err != nil {
				t.Fatal(err)
			}
			run(ctx, t, conn, fmt.Sprintf("select partitions_ahead(%d)", (base+12960000000)*1000))
			run(ctx, t, conn, strings.NewReplacer("ROWS", fmt.Sprint(rows), "BASE", fmt.Sprint(base)).Replace(filled))
			for _, analysed := range []string{"", "analyze"} {
				for _, mode := range []string{"force_custom_plan", "force_generic_plan"} {
					t.Run(mode+" "+analysed, func(t *testing.T) {
						run(ctx, t, conn, analysed)
						run(ctx, t, conn, "set plan_cache_mode = "+mode)
						for _, c := range hot(rows, base) {
							t.Run(c.name, func(t *testing.T) { c.check(ctx, t, conn) })
						}
					})
				}
			}
		})
	}
}

// heat is a statement that runs all day.
type heat struct {
	name, statement, args string
	free                  bool           // how it reads is the planner's choice; it still goes into the partitions of its hours only
	most                  map[string]int // partitions of a table it goes into at most
	sorted                bool           // it reads in the order of an index, so that its limit ends it
}

func hot(rows int, base int64) []heat {
	some := rows / 2
	one := fmt.Sprintf(`array[nth(%d)]`, some)
	three := fmt.Sprintf(`array[nth(%d), nth(%d), nth(%d)]`, some, some+1, some+2)
	number := fmt.Sprintf(`'{%d}'`, 1_000_000_000+int64(some/3*3+1)*int64(25_000_000/rows))
	hour := (base + int64(some)*(12_960_000_000/int64(rows))) / 3_600_000 * 3_600_000
	within := fmt.Sprintf(`%d, %d, message_bound(%d), message_bound(%d)`, hour*1000, (hour+3_600_000)*1000, hour-60_000, hour+3_660_000)
	narrow := map[string]int{"message": 1, "evidence": 1, "contact": 1, "plan": 1, "step": 1, "ledger_entry": 1}
	return []heat{
		{name: "claim", statement: postgres.Claim, args: fmt.Sprintf(`0::smallint, %d, -9223372036854775808, 500, 9000000000000, 'one', 8::smallint`, some*1000), most: map[string]int{"message": 1}, sorted: true},
		{name: "claim with a hint", statement: postgres.Claim, args: fmt.Sprintf(`1::smallint, %d, %d, 500, 9000000000000, 'one', 8::smallint`, some*1000, (some-2000)*1000), most: map[string]int{"message": 2}, sorted: true},
		{name: "next due", statement: postgres.NextDue, args: `1::smallint`, sorted: true},
		{name: "lanes", statement: postgres.LaneStates, args: fmt.Sprintf(`%d, 10000`, some*1000)},
		{name: "settle", statement: postgres.Settle, args: `'{1}', '{1000}', ` + one + `, '{1}', 0`},
		{name: "requeue", statement: postgres.Requeue, args: `'{1}', '{1000}', ` + one + `, '{1}', '{1}', '{1}', '{1}', '{1}', '{f}', 0`},
		{name: "undue", statement: postgres.Undue, args: one + `, 1`},
		{name: "messages", statement: postgres.SelectMessages, args: three, most: narrow},
		{name: "due rows", statement: postgres.SelectDues, args: three},
		{name: "evidence", statement: postgres.SelectEvidence, args: three, most: narrow},
		{name: "contact", statement: postgres.SelectContact, args: number, most: narrow},
		{name: "plan", statement: postgres.SelectPlan, args: number, most: narrow},
		{name: "steps", statement: postgres.SelectSteps, args: number, most: narrow},
		{name: "a contact's messages", statement: postgres.ContactsMessages, args: number, most: narrow},
		{name: "a contact's due rows", statement: postgres.ContactsDues, args: number, most: narrow},
		{name: "a contact's evidence", statement: postgres.ContactsEvidence, args: number, most: narrow},
		{name: "suppressions of the gate", statement: postgres.GateSuppressions, args: `'{sms,email}', '{address1,address2}'`},
		{name: "points of the gate", statement: postgres.GatePoints, args: `'{1,21}', '{1,21}', '{address1,address21}'`},
		{name: "inbox", statement: postgres.SelectReports, args: fmt.Sprintf(`%d, 100`, rows), sorted: true},
		{name: "deadlines", statement: postgres.SelectDeadlines, args: fmt.Sprintf(`%d, 100`, rows)},
		{name: "spent deadlines", statement: postgres.SpendDeadlines, args: one + `, '{1}', '{1}'`},
		{name: "ended deadlines", statement: postgres.DeleteDeadlines, args: three},
		{name: "key", statement: postgres.SelectKey, args: `1::smallint, 'cis', 'key1'`},
		{name: "keys", statement: postgres.HeldKeys, args: `'{1,1}', '{cis,cis}', '{key1,key4}'`},
		{name: "persons by words of a name", statement: postgres.PersonsByWord, args: `1::smallint, 'last12', 'last12~', '', 0, '{1}', '{first1}', '{first1~}', false, '{north}', '', '{}', '', '{}', '', 0, 21`, sorted: true},
		{name: "the next page of persons by a word", statement: postgres.PersonsByWord, args: `1::smallint, 'last', 'last~', 'last2', 1000, '{}', '{}', '{}', true, '{}', 'cis', '{}', '', '{}', '', 0, 21`, sorted: true},
		{name: "persons by number and identifier", statement: postgres.PersonsByFew, args: `0::smallint, '', '', '', 0, '{}', '{}', '{}', false, '{north}', '', '{address21}', 'key21', '{}', '', 0, 21`},
		{name: "persons by account", statement: postgres.PersonsByFew, args: `0::smallint, '', '', '', 0, '{}', '{}', '{}', true, '{}', '', '{}', '', '{21}', '', 0, 21`},
		{name: "persons by a source's name", statement: postgres.PersonsByFew, args: `0::smallint, '', '', '', 0, '{}', '{}', '{}', true, '{}', '', '{}', '', '{}', 'P21', 21, 21`},
		{name: "premises by words of an address", statement: postgres.PremisesByWord, args: `3::smallint, 'street1', 'street1~', '', 0, '{}', '{}', '{}', true, '{}', '', 21`, sorted: true},
		{name: "how rare words are", statement: postgres.Rarity, args: `'{1,1}', '{first1,last12}', '{first1~,last12~}', 1000`},
		{name: "who has an identifier", statement: postgres.HoldersOfKey, args: `'key21', 'SSN'`},
		{name: "accounts of persons", statement: postgres.AccountsOfPersons, args: `'{21,41}', 0`},
		{name: "accounts at a premise", statement: postgres.AccountsAtPremise, args: `'M21', 'cis', 0`},
		{name: "accounts by name", statement: postgres.AccountsByExternal, args: `'cis', '{A21,A41}', 0`},
		{name: "all accounts, page by page", statement: postgres.AccountsAfterID, args: `100, 100`, sorted: true},
		{name: "service agreements of accounts", statement: postgres.AgreementsOfAccounts, args: `'{21,41}'`},
		{name: "marks", statement: postgres.SelectMarks, args: `1000`, sorted: true},
		{name: "leaves", statement: postgres.SelectLeaves, args: fmt.Sprintf(`%d, 100`, some/20*20+1), most: map[string]int{"ledger_entry": 2}},
		{name: "an hour's recount", statement: postgres.Recounting, args: within, free: true, most: map[string]int{"message": 1}},
		// A reply names no time: the newest text to its address may be in any month, one probe each.
		{name: "the last text to an address", statement: postgres.LastText, args: `'address8'`},
	}
}

// big are the tables that no hot statement may read from end to end.
func big() []string {
	return []string{
		"message", "evidence", "contact", "plan", "step", "ledger_entry", "due", "deadline", "intake_key", "provider_ref", "report", "point",
		"person", "search_word", "identifier", "account", "account_person", "premise", "agreement", "suppression", "ledger_seal", "ledger_mark",
	}
}

func (h heat) check(ctx context.Context, t *testing.T, conn *pgx.Conn) {
	t.Helper()
	run(ctx, t, conn, "begin")
	defer run(ctx, t, conn, "rollback")
	if !h.free {
		run(ctx, t, conn, postgres.ByIndex)
	}
	run(ctx, t, conn, "prepare planned as "+h.statement)
	defer run(ctx, t, conn, "deallocate planned")
	text := explain(ctx, t, conn, "explain (analyze, timing off, format json) execute planned("+h.args+")")
	var plans []struct{ Plan node }
	if err := json.Unmarshal([]byte(text), &plans); err != nil || len(plans) != 1 {
		t.Fatalf("a plan that cannot be read: %v", err)
	}
	parts := map[string][]string{}
	plans[0].Plan.each(func(n node) {
		table := tableOf(n.Relation)
		if n.Relation != "" && !slices.Contains(parts[table], n.Relation) {
			parts[table] = append(parts[table], n.Relation)
		}
		if slices.Contains(big(), table) && n.Type == "Seq Scan" {
			t.Errorf("reads %s from end to end", n.Relation)
		}
		if h.sorted && n.Type == "Sort" {
			t.Error("sorts")
		}
	})
	for table, most := range h.most {
		if len(parts[table]) > most {
			t.Errorf("goes into %v, want at most %d", parts[table], most)
		}
	}
	if t.Failed() {
		t.Log(explain(ctx, t, conn, "explain execute planned("+h.args+")"))
	}
}

// tableOf is the table that a partition is of.
func tableOf(relation string) string {
	if at := strings.LastIndex(relation, "_p"); at > 0 && strings.Trim(relation[at+2:], "0123456789") == "" {
		return relation[:at]
	}
	return relation
}
