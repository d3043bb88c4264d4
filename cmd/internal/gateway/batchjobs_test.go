package gateway

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"carillon/adapters/driven/liquid"
	"carillon/cmd/internal/clock"
	"carillon/cmd/internal/confkeeper"
	"carillon/cmd/internal/letters"
	"carillon/cmd/internal/parttest"
	"carillon/cmd/internal/settings"
	"carillon/cmd/internal/stores"
	"carillon/core/access"
	"carillon/core/agreement"
	"carillon/core/batch"
	"carillon/core/contact"
	"carillon/core/control"
	"carillon/core/customer"
	"carillon/core/store"
	"carillon/core/todo"
)

// nightShift is the batches of a gateway on a store of their own, under the shipped configuration, with a clock of the
// test's.
type nightShift struct {
	*batch.Operator

	store   store.Store
	reports func() string
	now     time.Time
	workers int
}

// onBothStores runs a test on SQLite and on PostgreSQL.
func onBothStores(t *testing.T, test func(t *testing.T, n *nightShift)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, newNightShift(t, filepath.Join(t.TempDir(), "carillon.db")))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		test(t, newNightShift(t, parttest.Database(t)))
	})
}

func newNightShift(t *testing.T, url string) *nightShift {
	t.Helper()
	st, err := stores.Open(t.Context(), settings.Settings{Store: url, StoreConns: 4})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = st.Close() })
	d, err := confkeeper.ParseDocument(confkeeper.Shipped())
	if err != nil {
		t.Fatal(err)
	}
	c, err := confkeeper.Open(t.Context(), st, confkeeper.Fixed(d), confkeeper.RulesOf(liquid.New()))
	if err != nil {
		t.Fatal(err)
	}
	a := &Gateway{store: stores.WithToDoRules(st, c), configs: c, letters: &letters.Engine{}, events: &events{}}
	n := &nightShift{store: a.store, reports: c.BatchErrorType, now: time.Date(2026, time.March, 31, 17, 0, 0, 0, time.UTC)}
	n.Operator = &batch.Operator{Store: a.store, Facts: st, Configs: c, Book: a.batchBook(), Since: n.now}
	return n
}

func (n *nightShift) worker() *batch.Worker {
	n.workers++
	floor := &batch.Floor{Store: n.store, Facts: n.store, Book: n.Book, Watch: nobody{}, Lease: time.Minute, Reports: n.reports}
	return &batch.Worker{Floor: floor, Name: fmt.Sprint("worker-", n.workers)}
}

// nobody watches.
type nobody struct{}

func (nobody) Committed(string, int64, int64) {}
func (nobody) Ended(control.Run)              {}

func ops() access.Principal {
	return access.Principal{Name: "ops", Source: "ops", Divisions: []string{"*"}, Roles: []access.Role{access.SRE}}
}

// turns lets a worker take so many turns, or all there are when n is 0.
func (n *nightShift) turns(t *testing.T, hand *batch.Worker, most int) {
	t.Helper()
	for i := 0; most == 0 || i < most; i++ {
		more, err := hand.Turn(t.Context(), n.now)
		if err != nil {
			t.Fatal(err)
		}
		if !more {
			return
		}
	}
}

// ran runs a batch to its end and returns it.
func (n *nightShift) ran(t *testing.T, code string, ask batch.Ask) control.View {
	t.Helper()
	v, err := n.Start(t.Context(), n.now, ops(), code, ask)
	if err != nil {
		t.Fatal(err)
	}
	n.turns(t, n.worker(), 0)
	return n.seen(t, code, v.Run.Number)
}

func (n *nightShift) seen(t *testing.T, code string, number int64) control.View {
	t.Helper()
	v, err := n.store.BatchRun(t.Context(), code, number)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// written applies sets that must win.
func (n *nightShift) written(t *testing.T, sets ...store.Writes) {
	t.Helper()
	verdicts, err := n.store.Apply(t.Context(), sets...)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range verdicts {
		if v.Outcome != store.Applied {
			t.Fatalf("lost %s", v.What)
		}
	}
}

// entries are the To Dos of a type that are not complete, or with complete those that are.
func (n *nightShift) entries(t *testing.T, kind todo.Type, status todo.Status) []todo.Entry {
	t.Helper()
	all, err := n.store.ToDoList(t.Context(), todo.Filter{Type: kind, Status: status}, 0, 10_000)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// reminder is one of a contact of the north.
func reminder(number int64, kind contact.SendTo, to, trigger string) contact.Reminder {
	return contact.Reminder{
		Contact: contact.ID(1_000_000_000 + number), Log: contact.LogID(2_000_000_000 + number), Source: "CIS", Division: "NORTH", Kind: kind, To: to,
		Trigger: trigger, Person: 3_000_000_001, Account: "ACCT-1", Premise: "PREM-1",
	}
}

// TestRemindersBecomeToDos is TD-CCCB end to end (process 3.4.1.1, step 2.0).
func TestRemindersBecomeToDos(t *testing.T) {
	t.Parallel()
	onBothStores(t, func(t *testing.T, n *nightShift) {
		t.Helper()
		n.written(t, store.Writes{Desk: &store.DeskWrites{Reminders: []contact.Reminder{
			reminder(1, contact.ToRole, "CREDIT", "2026-04-05"), // five days ahead
			reminder(2, contact.ToUser, "ada", "2026-03-31"),
			reminder(3, contact.ToUser, "edda", "2026-03-01"),   // she is inactive
			reminder(4, contact.ToRole, "OPS", "2026-03-31"),    // no role of the type
			reminder(5, contact.ToRole, "CREDIT", "2026-04-06"), // not yet
		}}})
		v := n.ran(t, batch.ReminderBatch, batch.Ask{BusinessDate: "2026-03-31", Parameters: map[string]string{"LEAD-DAYS": "5"}})
		found, done, wrong := v.Sums()
		if v.Run.State != control.Complete || found != 4 || done != 2 || wrong != 2 || len(v.Threads) != 2 {
			t.Fatalf("%d found, %d done, %d wrong: %+v", found, done, wrong, v)
		}
		for _, want := range []struct {
			contact    int64
			status     todo.Status
			role, user string
		}{
			{1, todo.IsOpen, "CREDIT", ""}, {2, todo.IsAssigned, "F1_DFLT", "ada"}, {3, todo.IsOpen, "F1_DFLT", ""}, {4, todo.IsOpen, "F1_DFLT", ""},
		} {
			all := append(n.entries(t, "TD-CCCB", todo.IsOpen), n.entries(t, "TD-CCCB", todo.IsAssigned)...)
			i := slices.IndexFunc(all, func(e todo.Entry) bool { return e.Contact == contact.ID(1_000_000_000+want.contact) })
			if i < 0 {
				t.Fatalf("reminder %d became no To Do", want.contact)
			}
			e := all[i]
			if e.Status() != want.status || e.User != want.user || want.status == todo.IsOpen && e.Role != want.role {
				t.Errorf("reminder %d: %s in %s to %q", want.contact, e.Status(), e.Role, e.User)
			}
			if len(e.Drill) != 2 || e.Drill[0] != e.Contact.String() || e.Batch != "TD-CCCB" || e.Run != 1 || len(e.Characteristics) != 3 {
				t.Errorf("reminder %d: %+v", want.contact, e)
			}
			file, err := n.store.Files(t.Context(), []contact.ID{e.Contact})
			if err != nil || file[e.Contact].Reminders[0].ToDo != int64(e.ID) {
				t.Errorf("reminder %d is not marked: %v", want.contact, err)
			}
		}
		noted, err := n.store.BatchErrors(t.Context(), batch.ReminderBatch, 1, "", 9)
		if err != nil || len(noted) != 2 || !strings.Contains(noted[0].Text, "no active user") || !strings.Contains(noted[1].Text, "role is none") {
			t.Errorf("%v: %+v", err, noted)
		}
		if _, err := n.Rerun(t.Context(), n.now, ops(), batch.ReminderBatch, 1); err != nil {
			t.Fatal(err)
		}
		n.turns(t, n.worker(), 0)
		again := n.seen(t, batch.ReminderBatch, 2)
		if found, done, wrong := again.Sums(); again.Run.State != control.Complete || found+done+wrong != 0 {
			t.Errorf("the rerun did something: %+v", again)
		}
		if all := n.entries(t, "TD-CCCB", ""); len(all) != 4 {
			t.Errorf("%d To Dos, want 4", len(all))
		}
	})
}

// TestRemindersOnce: gateways die in the middle of TD-CCCB, and every reminder becomes one To Do.
func TestRemindersOnce(t *testing.T) {
	t.Parallel()
	const many = 330
	onBothStores(t, func(t *testing.T, n *nightShift) {
		t.Helper()
		var all []contact.Reminder
		for i := range int64(many) {
			all = append(all, reminder(i, contact.ToRole, "CREDIT", fmt.Sprintf("2026-03-%02d", i%31+1)))
		}
		n.written(t, store.Writes{Desk: &store.DeskWrites{Reminders: all}})
		_, err := n.Start(t.Context(), n.now, ops(), batch.ReminderBatch, batch.Ask{Threads: 3, Parameters: map[string]string{"COMMIT": "20"}, BusinessDate: "2026-03-31"})
		if err != nil {
			t.Fatal(err)
		}
		dead, slow := n.worker(), n.worker()
		for range 5 { // both work, then one dies and the other is cut off beyond its lease
			n.turns(t, dead, 1)
			n.turns(t, slow, 1)
		}
		n.now = n.now.Add(2 * time.Minute)
		n.turns(t, n.worker(), 4)
		n.turns(t, slow, 3) // it comes back, and finds that the thread is another's
		n.turns(t, n.worker(), 0)
		n.now = n.now.Add(2 * time.Minute)
		n.turns(t, n.worker(), 0)
		v := n.seen(t, batch.ReminderBatch, 1)
		if _, done, wrong := v.Sums(); v.Run.State != control.Complete || done != many || wrong != 0 {
			t.Errorf("%d done: %+v", done, v)
		}
		made := n.entries(t, "TD-CCCB", "")
		about := map[string]bool{}
		for _, e := range made {
			about[e.About] = true
		}
		if len(made) != many || len(about) != many {
			t.Errorf("%d To Dos about %d reminders, want %d", len(made), len(about), many)
		}
	})
}

// TestFailedBatchesBecomeToDos is TD-BTERR: one To Do of a batch that failed while none is open, and each failure once.
func TestFailedBatchesBecomeToDos(t *testing.T) {
	t.Parallel()
	onBothStores(t, func(t *testing.T, n *nightShift) {
		t.Helper()
		fail := func(number int64) {
			n.written(t, store.Writes{Batch: &store.BatchWrites{BatchRuns: []control.Run{{
				Batch: batch.ReminderBatch, Number: number, BusinessDate: "2026-03-31", State: control.Failed, Threads: 1, By: "schedule", AskedAt: n.now,
				EndedAt: n.now, Reason: "MAX-ERRORS", Version: 1,
			}}}})
		}
		count := func(want int, says string) {
			t.Helper()
			if v := n.ran(t, batch.FailureBatch, batch.Ask{}); v.Run.State != control.Complete {
				t.Fatalf("%+v", v)
			}
			if all := n.entries(t, "TD-BTERR", ""); len(all) != want {
				t.Fatalf("%s: %d To Dos, want %d", says, len(all), want)
			}
		}
		count(0, "nothing failed")
		fail(1)
		fail(2)
		count(1, "two runs of one batch failed")
		e := n.entries(t, "TD-BTERR", "")[0]
		if !slices.Equal(e.Drill, []string{"TD-CCCB", "1"}) || e.Role != "OPS" || e.Text.Parameters[2] != "MAX-ERRORS" {
			t.Errorf("%+v", e)
		}
		n.written(t, store.Writes{ToDo: &store.ToDoWrites{Done: []todo.Completion{{Type: e.Type, About: e.About, At: n.now, By: "cleo", Outcome: "worked"}}}})
		count(0, "it was seen to")
		fail(3)
		count(1, "it failed again")
		if v := n.ran(t, batch.ReminderBatch, batch.Ask{BusinessDate: "2026-03-31"}); v.Run.State != control.Complete {
			t.Fatalf("%+v", v)
		}
		if all := n.entries(t, "TD-BTERR", ""); len(all) != 0 {
			t.Errorf("the batch is well again, and somebody is to look: %+v", all)
		}
	})
}

// TestOldToDosGo is TD-PURGE.
func TestOldToDosGo(t *testing.T) {
	t.Parallel()
	onBothStores(t, func(t *testing.T, n *nightShift) {
		t.Helper()
		for i, age := range []int{500, 401, 399} {
			e := todo.Entry{Type: "TD-CCCB", About: fmt.Sprint("old-", i), Division: "NORTH", Role: "CSR", OpenedAt: n.now.AddDate(0, 0, -age)}
			n.written(t, store.Writes{ToDo: &store.ToDoWrites{ToDos: []todo.Entry{e}}}, store.Writes{ToDo: &store.ToDoWrites{Done: []todo.Completion{{Type: e.Type, About: e.About, At: n.now.AddDate(0, 0, -age), Outcome: "worked"}}}})
		}
		n.written(t, store.Writes{ToDo: &store.ToDoWrites{ToDos: []todo.Entry{{Type: "TD-CCCB", About: "open", Division: "NORTH", Role: "CSR", OpenedAt: n.now.AddDate(0, 0, -900)}}}})
		v := n.ran(t, batch.PurgeBatch, batch.Ask{BusinessDate: "2026-03-31"})
		if _, done, _ := v.Sums(); v.Run.State != control.Complete || done != 2 {
			t.Errorf("%+v", v)
		}
		if left := len(n.entries(t, "TD-CCCB", todo.IsComplete)) + len(n.entries(t, "TD-CCCB", "")); left != 2 {
			t.Errorf("%d entries are left, want the young one and the open one", left)
		}
		if v := n.ran(t, batch.PurgeBatch, batch.Ask{BusinessDate: "2026-03-31"}); len(v.Threads) != 0 {
			t.Errorf("a second run found more: %+v", v)
		}
	})
}

// TestDepositsAreReviewed is DEPRVW end to end: the customer whose deposit is too low gets a contact, once for a business
// date, and the review is listed.
func TestDepositsAreReviewed(t *testing.T) {
	t.Parallel()
	for name, url := range map[string]func(*testing.T) string{
		"sqlite": func(t *testing.T) string { t.Helper(); return filepath.Join(t.TempDir(), "carillon.db") }, "postgres": parttest.Database,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			at := url(t)
			a := operated(t, func(s *settings.Settings) { s.Store, s.StoreConns = at, 4 })
			n := &nightShift{Operator: a.operator, store: a.store, now: clock.Now()}
			n.written(t, depositors()...)
			contacts := func() int {
				t.Helper()
				all, err := n.store.ContactsOf(t.Context(), contact.Subject{Account: "ACCT-LOW"}, 0, 99)
				if err != nil {
					t.Fatal(err)
				}
				return len(all)
			}
			for _, c := range []struct {
				date string
				want int
			}{{"2026-03-31", 1}, {"2026-03-31", 1}, {"2026-04-30", 2}} {
				v, err := n.Start(t.Context(), n.now, ops(), batch.DepositBatch, batch.Ask{BusinessDate: c.date})
				if err != nil {
					t.Fatal(err)
				}
				n.turns(t, a.hands[0], 0)
				v = n.seen(t, batch.DepositBatch, v.Run.Number)
				if found, done, wrong := v.Sums(); v.Run.State != control.Complete || found != 2 || done != 2 || wrong != 0 {
					noted, _ := n.store.BatchErrors(t.Context(), batch.DepositBatch, v.Run.Number, "", 9)
					t.Fatalf("%+v: %+v", v, noted)
				}
				if got := contacts(); got != c.want {
					t.Fatalf("%d contacts after %s, want %d", got, c.date, c.want)
				}
			}
			listed, _, err := batch.DepositReviews{Facts: n.store}.Reviews(t.Context(), access.Principal{Source: "CSR", Divisions: []string{"NORTH"}, Roles: []access.Role{access.CSR}}, 0, "", 9)
			if err != nil || len(listed) != 1 || listed[0].External != "ACCT-LOW" || listed[0].Recommended != "150.00" || listed[0].Held != "20.00" || listed[0].Date != "2026-04-30" {
				t.Errorf("%v: %+v", err, listed)
			}
			others, _, err := batch.DepositReviews{Facts: n.store}.Reviews(t.Context(), access.Principal{Source: "CSR", Divisions: []string{"SOUTH"}, Roles: []access.Role{access.CSR}}, 0, "", 9)
			if err != nil || len(others) != 0 {
				t.Errorf("another division sees %+v: %v", others, err)
			}
		})
	}
}

// depositors are two accounts of the north with a deposit each: one holds enough.
func depositors() []store.Writes {
	var sets []store.Writes
	for i, holds := range map[int64]string{1: "-20.00", 2: "-150.00"} {
		id := customer.PersonID(1_000_000_000 + i)
		account := customer.AccountID(2_000_000_000 + i)
		external := map[int64]string{1: "ACCT-LOW", 2: "ACCT-OK"}[i]
		post := customer.Postal{Line1: "1 Main Street", City: "Springfield", Country: "US"}
		p := customer.Person{
			ID: id, Source: "CIS", ExternalID: fmt.Sprint("PER-", i), Division: "NORTH", Version: 1, Revision: 1, Kind: customer.Human, Language: "en-US",
			Names: []customer.Name{{Type: customer.Primary, Text: "Lovelace,Ada"}}, UpdatedAt: clock.Now(),
			Points: []customer.Point{{
				ID: customer.PointID(i), Person: id, Kind: customer.Post, Value: post.Address(), Capabilities: []customer.Capability{customer.CanPost},
				Origin: customer.FromCIS,
			}},
		}
		acct := customer.Account{
			ID: account, Source: "CIS", ExternalID: external, Division: "NORTH", Version: 1, Revision: 1, Currency: "USD",
			Persons: []customer.AccountPerson{{Person: id, Main: true}}, UpdatedAt: clock.Now(),
		}
		sa := agreement.Agreement{
			ID: agreement.ID(4_000_000_000 + i), Source: "CIS", ExternalID: fmt.Sprint("SA-", i), Division: "NORTH", Version: 1, Account: account, Type: "DEP-I",
			Status: agreement.Active, Start: "2025-01-01", Current: "0.00", Payoff: holds, Currency: "USD", UpdatedAt: clock.Now(),
		}
		sets = append(sets, store.Writes{Customer: &store.CustomerWrites{Persons: []customer.Person{p}, Accounts: []customer.Account{acct}, Agreements: []agreement.Agreement{sa}}})
	}
	return sets
}
