package postgres

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"carillon/core/contact"
	"carillon/core/store"
)

// round is one transaction in which losers are found: keys are looked up first, what then still fails is halved under
// savepoints until the sets that lose stand alone.
type round struct{ tx pgx.Tx }

// applySome applies what can be applied, in the order given, and finds the verdict of every set.
func (s *Store) applySome(ctx context.Context, jobs []*job) error {
	tx, err := s.pool.Begin(ctx)
	if err != nil {
		return err
	}
	r := &round{tx: tx}
	if err := r.all(ctx, jobs); err != nil {
		return errors.Join(err, tx.Rollback(context.WithoutCancel(ctx)))
	}
	return ofCommit("committing write sets", tx.Commit(ctx))
}

// all gives every set its verdict. Sets that count those of others come after them.
func (r *round) all(ctx context.Context, jobs []*job) error {
	var counting, others []*job
	for _, j := range jobs {
		if j.counts() {
			counting = append(counting, j)
		} else {
			others = append(others, j)
		}
	}
	if err := r.resolve(ctx, others); err != nil {
		return err
	}
	count(jobs)
	return r.resolve(ctx, counting)
}

// resolve gives every set its verdict. Sets that repeat a key of an earlier one come after all others.
func (r *round) resolve(ctx context.Context, jobs []*job) error {
	if len(jobs) == 0 {
		return nil
	}
	held, err := r.held(ctx, jobs)
	if err != nil {
		return err
	}
	var open []*job
	for _, j := range jobs {
		if v, ok := answerFrom(store.Of(j.writes.Intake).Keys, held); ok {
			*j.verdict = v
			continue
		}
		open = append(open, j)
	}
	first, echoes := apart(open)
	if err := r.halve(ctx, first); err != nil {
		return err
	}
	later := make([]*job, len(echoes))
	for i, e := range echoes {
		later[i] = e.job
	}
	return r.resolve(ctx, later)
}

// halve applies the sets together or, when one of them loses, each half alone.
func (r *round) halve(ctx context.Context, jobs []*job) error {
	if len(jobs) == 0 {
		return nil
	}
	err := r.attempt(ctx, jobs)
	switch {
	case err == nil:
		for _, j := range jobs {
			j.verdict.Outcome = store.Applied
		}
		return nil
	case !lost(err):
		return err
	}
	if err := r.back(ctx); err != nil {
		return err
	}
	if len(jobs) == 1 {
		return r.judge(ctx, jobs[0], lossOf(err))
	}
	half := len(jobs) / 2
	if err := r.resolve(ctx, jobs[:half]); err != nil {
		return err
	}
	return r.resolve(ctx, jobs[half:])
}

// attempt applies the sets under a savepoint, in one round trip.
func (r *round) attempt(ctx context.Context, jobs []*job) error {
	batch := &pgx.Batch{}
	batch.Queue("savepoint attempt")
	queueJobs(batch, jobs)
	batch.Queue("release savepoint attempt")
	return r.tx.SendBatch(ctx, batch).Close()
}

// back undoes an attempt. It is sent as plain text: nothing can be prepared in a transaction that has failed.
func (r *round) back(ctx context.Context) error {
	_, err := r.tx.Exec(ctx, "rollback to savepoint attempt; release savepoint attempt", pgx.QueryExecModeSimpleProtocol)
	return err
}

// judge is the verdict on a set that lost alone: its key may have been written since it was looked up.
func (r *round) judge(ctx context.Context, j *job, what store.Loss) error {
	held, err := r.held(ctx, []*job{j})
	if err != nil {
		return err
	}
	v, ok := answerFrom(store.Of(j.writes.Intake).Keys, held)
	if !ok {
		v = store.Verdict{Outcome: store.Conflict, What: what}
	}
	*j.verdict = v
	return nil
}

// heldKeys looks intake keys up.
const heldKeys = `
select k.kind, k.source, k.key, k.hash, k.contact
from unnest($1::smallint[], $2::text[], $3::text[]) as i (kind, source, key)
join intake_key k on k.kind = i.kind and k.source = i.source and k.key = i.key`

// held returns which keys of the sets are in the table.
func (r *round) held(ctx context.Context, jobs []*job) (map[keyName]heldKey, error) {
	keys := flat(jobs, func(w *store.Writes) []store.IntakeKey { return store.Of(w.Intake).Keys })
	if len(keys) == 0 {
		return nil, nil
	}
	rows, err := r.tx.Query(ctx, heldKeys,
		col(keys, func(k *store.IntakeKey) int16 { return int16(k.Kind) }),
		col(keys, func(k *store.IntakeKey) string { return text(k.Source) }),
		col(keys, func(k *store.IntakeKey) string { return text(k.Key) }))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	held := map[keyName]heldKey{}
	for rows.Next() {
		var kind int16
		var name keyName
		var hash []byte
		var id int64
		if err := rows.Scan(&kind, &name.source, &name.key, &hash, &id); err != nil {
			return nil, err
		}
		name.kind = store.KeyKind(kind) //nolint:gosec // written from a KeyKind
		held[name] = heldKey{hash: [32]byte(hash), contact: contact.ID(id)}
	}
	return held, rows.Err()
}
