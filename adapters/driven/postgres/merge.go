package postgres

import (
	"slices"
	"time"

	"carillon/core/customer"
	"carillon/core/message"
	"carillon/core/store"

	"github.com/jackc/pgx/v5"
)

// byIndex leaves the planner one way for the rest of the transaction: along an index. Everything the store looks up by
// key has one, and a plan made while a table was small, or before its statistics were, would read millions of rows when
// it has grown; a claim that is planned to sort would sort its whole lane. What has no other way costs so much then that
// PostgreSQL 15 to 17 would compile it anew each time: nothing is compiled.
const byIndex = `
select set_config('enable_seqscan', 'off', true), set_config('enable_bitmapscan', 'off', true),
    set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true),
    set_config('enable_sort', 'off', true), set_config('jit', 'off', true)`

// queueJobs queues everything the sets write.
func queueJobs(batch *pgx.Batch, jobs []*job) {
	if slices.ContainsFunc(jobs, func(j *job) bool { return searches(j.writes) || findsCustomers(j.writes) }) {
		batch.Queue(byIndex)
	}
	for _, group := range groups(jobs) {
		queueGroup(batch, group)
	}
}

// searches reports whether a set changes rows that are there, so that they must be found.
func searches(w *store.Writes) bool {
	ofBatch := store.Of(w.Batch)
	ofDesk := store.Of(w.Desk)
	ofLedger := store.Of(w.Ledger)
	ofMessage := store.Of(w.Message)
	ofReport := store.Of(w.Report)
	ofToDo := store.Of(w.ToDo)
	return ofMessage.Claim != nil || len(ofMessage.Settles)+len(ofMessage.Requeues)+len(ofMessage.Undues)+len(ofMessage.Undeadlines)+len(ofMessage.Spent)+len(ofReport.Consumed)+
		len(ofBatch.BatchRuns)+len(ofBatch.BatchThreads)+len(ofReport.Deferred)+len(ofLedger.Seals)+len(store.Of(w.Customer).Marks)+len(ofMessage.Dead)+len(ofMessage.Undead)+len(ofToDo.Done)+
		len(ofDesk.Desks)+len(ofDesk.Reminded)+len(ofDesk.RemindersDone)+len(store.Of(w.Event).Tasks)+
		len(ofToDo.ToDos)+len(ofToDo.ToDoMoves)+len(ofToDo.ToDoPurges) > 0 || ofLedger.Growth != nil
}

// findsCustomers reports whether a set writes customers, who are looked for by their source's names.
func findsCustomers(w *store.Writes) bool {
	ofCustomer := store.Of(w.Customer)
	return len(ofCustomer.Persons)+len(ofCustomer.Accounts)+len(ofCustomer.Premises)+len(ofCustomer.Agreements)+len(ofCustomer.Sightings) > 0
}

// queueGroup queues the statements of sets that do not touch the same thing, so that the order among them does not
// matter. What a set takes away goes before what it puts there, its claim after everything else.
func queueGroup(batch *pgx.Batch, jobs []*job) {
	queueKeys(batch, jobs)
	queueControls(batch, jobs)
	queueReviews(batch, jobs)
	queueGone(batch, jobs)
	queueAlive(batch, jobs)
	queueDone(batch, jobs)
	queuePersons(batch, jobs)
	queueCustomers(batch, jobs)
	queueAccepted(batch, jobs)
	queueQueue(batch, jobs)
	queueFailed(batch, jobs)
	queueFiles(batch, jobs)
	queueToDos(batch, jobs)
	queueReports(batch, jobs)
	queueRuns(batch, jobs)
	queueEvents(batch, jobs)
	queueDesk(batch, jobs)
	queueUpkeep(batch, jobs)
	queueFleet(batch, jobs)
	queueLedger(batch, jobs)
	queueIntake(batch, jobs)
	for _, j := range jobs {
		queueClaim(batch, j)
	}
}

// touch names a thing that sets may change one after the other.
type touch struct {
	what byte
	id   message.ID
	n    int64
	a, b string
}

// groups parts the sets, in order, wherever one touches what an earlier one of its group touches: merged into one
// statement the two would be blind to each other. A claim ends its group.
func groups(jobs []*job) [][]*job {
	if len(jobs) < 2 {
		return [][]*job{jobs}
	}
	var parts [][]*job
	start := 0
	touched := map[touch]int{}
	for i, j := range jobs {
		meets := false
		touches(j.writes, func(t touch) {
			if by, there := touched[t]; there && by >= start && by != i {
				meets = true
			}
			touched[t] = i
		})
		if i > start && (meets || store.Of(jobs[i-1].writes.Message).Claim != nil) {
			parts = append(parts, jobs[start:i])
			start = i
		}
	}
	return append(parts, jobs[start:])
}

// touches names what a set changes and another set could change too. Rows that are only inserted need no naming: a
// second one is refused by its key.
func touches(w *store.Writes, is func(touch)) {
	ofConsent := store.Of(w.Consent)
	ofCustomer := store.Of(w.Customer)
	ofReport := store.Of(w.Report)
	touchesMessages(w, func(id message.ID) { is(touch{what: 'm', id: id}) })
	touchesCustomers(w, is)
	for i := range ofCustomer.Marks {
		is(touch{what: 'a', a: string(ofCustomer.Marks[i].Value)})
	}
	for i := range ofConsent.Suppressions {
		is(touch{what: 's', a: string(ofConsent.Suppressions[i].Channel), b: string(ofConsent.Suppressions[i].Address)})
	}
	for i := range ofConsent.Lifted {
		is(touch{what: 's', a: string(ofConsent.Lifted[i].Channel), b: string(ofConsent.Lifted[i].Address)})
	}
	for _, n := range ofReport.Consumed {
		is(touch{what: 'i', n: n})
	}
	for _, d := range ofReport.Deferred {
		is(touch{what: 'i', n: d.Number})
	}
	touchesDesk(w, is)
	touchesChores(w, is)
	touchesFailures(w, is)
	touchesControls(w, is)
	touchesReviews(w, is)
	touchesFiles(w, is)
	touchesEvents(w, is)
	touchesToDos(w, is)
}

func touchesDesk(w *store.Writes, is func(touch)) {
	ofAdmin := store.Of(w.Admin)
	ofLane := store.Of(w.Lane)
	ofUpkeep := store.Of(w.Upkeep)
	for _, r := range store.Of(w.Letter).Runs {
		is(touch{what: 'r', n: r.Number, a: r.Batch})
	}
	for _, p := range ofLane.Pauses {
		is(touch{what: 'l', n: int64(p.Lane)})
	}
	for i := range ofLane.Trips {
		is(touch{what: 'b', a: ofLane.Trips[i].Adapter + "/" + ofLane.Trips[i].Route})
	}
	for i := range ofAdmin.Principals {
		is(touch{what: 'n', a: ofAdmin.Principals[i].Name})
	}
	for _, r := range ofAdmin.Revoked {
		is(touch{what: 'n', a: r.Name})
	}
	for i := range ofUpkeep.Holds {
		is(touch{what: 'o', n: ofUpkeep.Holds[i].Number})
	}
	for i := range ofUpkeep.Unholds {
		is(touch{what: 'o', n: ofUpkeep.Unholds[i].Number})
	}
}

// touchesChores names what the jobs on the clock change.
func touchesChores(w *store.Writes, is func(touch)) {
	ofLedger := store.Of(w.Ledger)
	for _, c := range ofLedger.Cursors {
		is(touch{what: 'c', a: c.Name})
	}
	if len(ofLedger.Seals) > 0 || ofLedger.Growth != nil {
		is(touch{what: 'e'})
	}
	for range store.Of(w.Upkeep).Folds {
		is(touch{what: 'f'})
	}
	touchesUpkeep(w, is)
}

func touchesUpkeep(w *store.Writes, is func(touch)) {
	ofUpkeep := store.Of(w.Upkeep)
	for i := range ofUpkeep.Recounts {
		is(touch{what: 'h', n: micros(ofUpkeep.Recounts[i].Hour)})
	}
	for _, p := range ofUpkeep.Purges {
		is(touch{what: 'u', n: int64(p.What)})
	}
}

func touchesMessages(w *store.Writes, is func(message.ID)) {
	ofMessage := store.Of(w.Message)
	for i := range ofMessage.Dues {
		is(ofMessage.Dues[i].Message)
	}
	for i := range ofMessage.Settles {
		is(ofMessage.Settles[i].Fence.Message)
	}
	for i := range ofMessage.Requeues {
		is(ofMessage.Requeues[i].Fence.Message)
	}
	for i := range ofMessage.Undues {
		is(ofMessage.Undues[i].Message)
	}
	for i := range ofMessage.Deadlines {
		is(ofMessage.Deadlines[i].Message)
	}
	for i := range ofMessage.Spent {
		is(ofMessage.Spent[i].Message)
	}
	for _, id := range ofMessage.Undeadlines {
		is(id)
	}
}

// flat lines up the rows of one kind of all sets.
func flat[T any](jobs []*job, of func(*store.Writes) []T) []T {
	if len(jobs) == 1 {
		return of(jobs[0].writes)
	}
	n := 0
	for _, j := range jobs {
		n += len(of(j.writes))
	}
	if n == 0 {
		return nil
	}
	rows := make([]T, 0, n)
	for _, j := range jobs {
		rows = append(rows, of(j.writes)...)
	}
	return rows
}

// col is one column of the rows.
func col[T, V any](rows []T, of func(*T) V) []V {
	values := make([]V, len(rows))
	for i := range rows {
		values[i] = of(&rows[i])
	}
	return values
}

// address is an address as stored.
func address(a customer.Address) string { return text(a.Reveal()) }

// micros is a time as stored; 0 is none.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// timeOf is a time as read.
func timeOf(micros int64) time.Time {
	if micros == 0 {
		return time.Time{}
	}
	return time.UnixMicro(micros).UTC()
}
