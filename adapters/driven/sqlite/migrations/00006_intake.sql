-- +goose Up
-- Contacts that came in together: a batch (state: 1 running, 2 done, 3 broken) and the ranges of their numbers.

create table intake_batch (
    id text primary key,
    source text not null,
    division text not null,
    by text not null,
    started_at integer not null,
    ended_at integer not null,
    touched_at integer not null,
    lines integer not null,
    accepted integer not null,
    replayed integer not null,
    refused integer not null,
    state integer not null
) strict;
create index intake_batch_newest on intake_batch (started_at, id);

create table intake_range (
    first integer primary key,
    batch text not null,
    n integer not null
) strict;
create index intake_range_batch on intake_range (batch, first);
