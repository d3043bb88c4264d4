-- +goose Up
-- Contacts that came in together: a file of POST /v1/contacts/bulk. A batch is one row, written once per flush and last
-- in its transaction (state: 1 running, 2 done, 3 broken). A flush draws its contact numbers in one stretch, so that a
-- batch is a few ranges of numbers.

create table intake_batch (
    id text primary key,
    source text not null,
    division text not null,
    by text not null,
    started_at bigint not null,
    ended_at bigint not null,
    touched_at bigint not null,
    lines bigint not null,
    accepted bigint not null,
    replayed bigint not null,
    refused bigint not null,
    state smallint not null
) with (fillfactor = 50);
create index intake_batch_newest on intake_batch (started_at, id);

create table intake_range (
    first bigint primary key,
    batch text not null,
    n bigint not null
);
create index intake_range_batch on intake_range (batch, first);
