package postgres

import (
	"context"
	"embed"
	"io/fs"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"carillon/core/fault"
)

//go:embed migrations/*.sql
var migrations embed.FS

// A migration is waited for five minutes, asking every second.
const lockEvery, lockTimes = 1, 300

// Migrate brings the schema up to date, one process at a time. Migrations only go forward; version N and N+1 of the
// program run side by side on one schema.
func Migrate(ctx context.Context, cfg Config) error {
	err := migrate(cfg, func(p *goose.Provider) error {
		_, err := p.Up(ctx)
		return err
	})
	if err != nil {
		return err
	}
	settings, err := poolSettings(cfg)
	if err != nil {
		return err
	}
	return classify("making indexes of partitions", index(ctx, settings.ConnConfig))
}

func migrate(cfg Config, up func(*goose.Provider) error) (err error) {
	if err := cfg.Validate(); err != nil {
		return err
	}
	settings, err := poolSettings(cfg)
	if err != nil {
		return err
	}
	settings.ConnConfig.DefaultQueryExecMode = pgx.QueryExecModeExec // goose's statements are sent once
	db := stdlib.OpenDB(*settings.ConnConfig)
	defer func() {
		if closing := db.Close(); err == nil {
			err = classify("closing after the migration", closing)
		}
	}()
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return fault.Wrap(fault.Unknown, "reading the embedded migrations", err)
	}
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(lockEvery, lockTimes))
	if err != nil {
		return fault.Wrap(fault.Unknown, "making the migration lock", err)
	}
	provider, err := goose.NewProvider(goose.DialectPostgres, db, files,
		goose.WithSessionLocker(locker), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return fault.Wrap(fault.Unknown, "reading the migrations", err)
	}
	return classify("migrating the schema", up(provider))
}
