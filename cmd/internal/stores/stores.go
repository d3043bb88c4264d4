// Package stores opens the store that the settings name, and puts around it what every write and read passes through.
package stores

import (
	"context"

	"carillon/adapters/driven/postgres"
	"carillon/adapters/driven/sqlite"
	"carillon/adapters/kit/secret"
	"carillon/cmd/internal/settings"
	"carillon/core/store"
)

// Open opens the store that the settings name.
func Open(ctx context.Context, s settings.Settings) (store.Store, error) { return OpenAs(ctx, s, "") }

// OpenAs opens it under another name than a gateway's, so that gateways at the same store can be told apart.
func OpenAs(ctx context.Context, s settings.Settings, name string) (store.Store, error) {
	if s.OnPostgres() {
		return opened(postgres.Open(ctx, postgres.Config{URL: secret.New(s.Store), MaxConns: s.StoreConns, Name: name}))
	}
	return opened(sqlite.Open(ctx, sqlite.Config{Path: s.Store}))
}

// opened keeps a nil pointer from looking like a store.
func opened[S store.Store](st S, err error) (store.Store, error) {
	if err != nil {
		return nil, err
	}
	return st, nil
}

// Close closes a store when a command has nothing left to lose.
func Close(st store.Store) { _ = st.Close() }
