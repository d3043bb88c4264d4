package postgres

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"carillon/core/contact"
	"carillon/core/fault"
	"carillon/core/store"
)

// applyTries bounds how often a call is repeated that another transaction's locks aborted.
const applyTries = 3

// job is one write set of a call on its way to a verdict.
type job struct {
	writes  *store.Writes
	verdict *store.Verdict
	entries int64              // the number of its first ledger entry
	todos   int64              // the number of its first To Do entry that has none
	flushes []store.BatchFlush // its own, with what they count
}

// Apply implements [store.Applier].
func (s *Store) Apply(ctx context.Context, sets ...store.Writes) ([]store.Verdict, error) {
	if len(sets) == 0 {
		return nil, nil
	}
	verdicts := make([]store.Verdict, len(sets))
	jobs := make([]*job, len(sets))
	for i := range sets {
		jobs[i] = &job{writes: &sets[i], verdict: &verdicts[i]}
	}
	if err := s.number(ctx, jobs); err != nil {
		return nil, err
	}
	err := s.applyAll(ctx, jobs)
	for range applyTries {
		if err == nil || !lost(err) && !jostled(err) {
			break
		}
		clear(verdicts)
		err = s.applySome(ctx, jobs)
	}
	if err != nil {
		return nil, classify("applying write sets", err)
	}
	return verdicts, nil
}

// applyAll is the good path: everything in one pipeline that is its own transaction. Sets whose key is that of an
// earlier set of the call are answered from it.
func (s *Store) applyAll(ctx context.Context, jobs []*job) error {
	first, echoes := apart(jobs)
	for _, j := range first { // that is what they are if the commit succeeds
		j.verdict.Outcome = store.Applied
	}
	for _, e := range echoes {
		*e.job.verdict = e.answer
	}
	count(jobs)
	batch := &pgx.Batch{}
	queueJobs(batch, first)
	return s.commit(ctx, batch)
}

// commit sends a batch that is a transaction of its own.
func (s *Store) commit(ctx context.Context, batch *pgx.Batch) error {
	if batch.Len() == 0 {
		return nil
	}
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	return ofCommit("applying write sets", conn.SendBatch(ctx, batch).Close())
}

// ofCommit makes a failure Ambiguous when it leaves open whether a commit that was sent took place. What PgError says
// aborted the transaction; a lost connection says nothing.
func ofCommit(doing string, err error) error {
	var pgErr *pgconn.PgError
	var unsent pgx.ErrPreprocessingBatch
	if err == nil || errors.As(err, &pgErr) || errors.As(err, &unsent) || pgconn.SafeToRetry(err) {
		return err
	}
	return fault.Wrap(fault.Ambiguous, doing, err)
}

// lost reports whether the failure is that of a write set: a key, version, number or fence was lost.
func lost(err error) bool {
	var pgErr *pgconn.PgError
	if !errors.As(err, &pgErr) {
		return false
	}
	switch pgErr.Code {
	case codeUnique, codeTwice, codeExpected:
		return true
	}
	return false
}

// jostled reports whether another transaction's locks made PostgreSQL give this one up.
func jostled(err error) bool {
	var pgErr *pgconn.PgError
	return errors.As(err, &pgErr) && (pgErr.Code == codeDeadlock || pgErr.Code == codeSerialize)
}

// lossOf is what a write set lost by.
func lossOf(err error) store.Loss {
	var pgErr *pgconn.PgError
	if !errors.As(err, &pgErr) {
		return ""
	}
	if pgErr.Code == codeExpected { // our own functions raise it, and name it
		return store.Loss(pgErr.Message)
	}
	table := parentOf(pgErr.TableName)
	if known, there := lossesByTable()[table]; there {
		return known
	}
	return store.Loss(table) // what else holds a number that is taken
}

// lossesByTable are what is lost by a row that is there.
func lossesByTable() map[string]store.Loss {
	return map[string]store.Loss{
		"run": store.LostVersion, "config_version": store.LostVersion, "ledger_seal": store.LostVersion,
		"contact_desk": store.LostVersion, "source_event": store.LostEvent, "principal": store.LostName,
		"batch_run": store.LostRun, "batch_thread": store.LostThread, "plan": store.LostContact,
		"contact_log": store.LostLog, "intake_key": store.LostIntakeKey, "step": store.LostStep,
		"evidence": store.LostEvidence, "tick": store.LostTick, "retry": store.LostRetry,
	}
}

// keyName is an intake key as the call's other sets may hold it too.
type keyName struct {
	kind        store.KeyKind
	source, key string
}

func nameOf(k store.IntakeKey) keyName { return keyName{k.Kind, text(k.Source), text(k.Key)} }

// echo is a set whose key an earlier set of the call brings, with its answer if that one is applied.
type echo struct {
	job    *job
	answer store.Verdict
}

// heldKey is what a key stands for: in the table, or in an earlier set.
type heldKey struct {
	hash    [32]byte
	contact contact.ID
}

// answerFrom is the verdict on a set of which a key is held already: the first of its keys that is held decides. ok is
// false when none is.
func answerFrom(keys []store.IntakeKey, held map[keyName]heldKey) (v store.Verdict, ok bool) {
	for _, k := range keys {
		h, there := held[nameOf(k)]
		switch {
		case !there:
		case h.hash == k.Hash:
			return store.Verdict{Outcome: store.Replayed, Contact: h.contact}, true
		default:
			return store.Verdict{Outcome: store.Conflict, What: lossOfKey(k.Kind)}, true
		}
	}
	return store.Verdict{}, false
}

func lossOfKey(kind store.KeyKind) store.Loss {
	if kind == store.SourceReference {
		return store.LostReference
	}
	return store.LostIntakeKey
}

// apart parts the sets whose keys are new to the call from those that repeat a key.
func apart(jobs []*job) (first []*job, echoes []echo) {
	if len(jobs) == 1 {
		return jobs, nil
	}
	held := map[keyName]heldKey{}
	for _, j := range jobs {
		if v, repeats := answerFrom(store.Of(j.writes.Intake).Keys, held); repeats {
			echoes = append(echoes, echo{job: j, answer: v})
			continue
		}
		for _, k := range store.Of(j.writes.Intake).Keys {
			held[nameOf(k)] = heldKey{hash: k.Hash, contact: k.Contact}
		}
		first = append(first, j)
	}
	return first, echoes
}
