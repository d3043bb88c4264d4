-- +goose Up
-- The fleet: who lives, and what each route has spent in the last hours.

create table gateway (
    name text primary key,
    host text not null,
    version text not null,
    since integer not null,
    seen_at integer not null
) strict, without rowid;

create table spent (
    route text not null,
    hour integer not null,
    units integer not null,
    primary key (route, hour)
) strict, without rowid;
