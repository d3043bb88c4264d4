-- +goose Up
-- The fleet: who lives, and what each route has spent in the last hours.

create table gateway (
    name text primary key,
    host text not null,
    version text not null,
    since bigint not null,
    seen_at bigint not null
);

create table spent (
    route text not null,
    hour bigint not null,
    units bigint not null,
    primary key (route, hour)
);
