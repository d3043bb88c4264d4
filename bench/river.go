package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"
)

const riverName = "River, no-op jobs, until all are completed"

// The settings of River: 250, 500 and 2000 workers gave less, fewer connections too.
const (
	riverWorkers  = 1000
	riverCooldown = time.Millisecond
	riverConns    = 16 // as many as the gateway has
)

// noop is a job that does nothing.
type noop struct {
	N int `json:"n"`
}

// Kind implements river.JobArgs.
func (noop) Kind() string { return "noop" }

// noopWorker counts the jobs it worked.
type noopWorker struct {
	river.WorkerDefaults[noop]

	worked *atomic.Int64
}

// Work implements river.Worker.
func (w *noopWorker) Work(context.Context, *river.Job[noop]) error {
	w.worked.Add(1)
	return nil
}

// riverTimes is how many jobs River works for each message of the other side: its start weighs on a short run.
const riverTimes = 2.5

// rivered lets River work jobs that were inserted before the clock starts, in a database of its own on the same server.
func (g *Gateway) rivered(ctx context.Context, rows int) (s Sample, err error) {
	rows = int(riverTimes * float64(rows))
	db, err := createDatabase(ctx, g.options.URL)
	if err != nil {
		return s, err
	}
	defer func() { err = errors.Join(err, db.Drop()) }()
	pool, err := openPool(ctx, db.URL, riverConns)
	if err != nil {
		return s, err
	}
	defer pool.Close()
	var worked atomic.Int64
	client, err := riverClient(ctx, pool, &worked)
	if err != nil {
		return s, err
	}
	if err := fillRiver(ctx, client, pool, rows); err != nil {
		return s, err
	}
	m, err := startMeter(ctx, db)
	if err != nil {
		return s, err
	}
	if err := client.Start(ctx); err != nil {
		return s, err
	}
	err = completed(ctx, pool, &worked, rows)
	if err == nil {
		s, err = m.Stop(ctx, rows)
	}
	s.Note = fmt.Sprintf("%d workers, cooldown %s, %d connections", riverWorkers, riverCooldown, riverConns)
	return s, errors.Join(err, client.StopAndCancel(context.WithoutCancel(ctx)))
}

func riverClient(ctx context.Context, pool *pgxpool.Pool, worked *atomic.Int64) (*river.Client[pgx.Tx], error) {
	driver := riverpgxv5.New(pool)
	quiet := slog.New(slog.DiscardHandler)
	migrator, err := rivermigrate.New(driver, &rivermigrate.Config{Logger: quiet})
	if err != nil {
		return nil, err
	}
	if _, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return nil, err
	}
	workers := river.NewWorkers()
	river.AddWorker(workers, &noopWorker{worked: worked})
	return river.NewClient(driver, &river.Config{
		Logger: quiet, Workers: workers, FetchCooldown: riverCooldown, FetchPollInterval: 10 * time.Millisecond,
		Queues: map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: riverWorkers}},
	})
}

func fillRiver(ctx context.Context, client *river.Client[pgx.Tx], pool *pgxpool.Pool, rows int) error {
	jobs := make([]river.InsertManyParams, rows)
	for i := range jobs {
		jobs[i].Args = noop{N: i}
	}
	if _, err := client.InsertManyFast(ctx, jobs); err != nil {
		return err
	}
	_, err := pool.Exec(ctx, "vacuum (analyze) river_job")
	return err
}

// completed waits until every job was worked and stands as completed.
func completed(ctx context.Context, pool *pgxpool.Pool, worked *atomic.Int64, rows int) error {
	for ctx.Err() == nil {
		if worked.Load() >= int64(rows) {
			var left bool
			const open = `select exists (select from river_job where state in ('available', 'running', 'retryable', 'scheduled', 'pending'))`
			if err := pool.QueryRow(ctx, open).Scan(&left); err != nil {
				return err
			}
			if !left {
				return nil
			}
		}
		time.Sleep(time.Millisecond)
	}
	return ctx.Err()
}
