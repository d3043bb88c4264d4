-- +goose Up
-- Tables stay whole here: a site that outgrows one file outgrows this store. What is held is simply not deleted, so that
-- nothing has to be kept apart.

create table hold (
    number integer primary key,
    kind text not null,
    subject text not null,
    reason text not null,
    by text not null,
    at integer not null,
    lifted_at integer not null,
    lifted_by text not null
) strict;
create unique index hold_active on hold (subject, kind, reason) where lifted_at = 0;
insert into number (name, next) values ('hold', 1);

-- Which closed hours were recounted, and what was found. An hour without a difference has no row in drift.
create table recount (
    hour integer primary key,
    at integer not null,
    next_at integer not null
) strict;
create table drift (
    hour integer not null,
    channel text not null,
    messages integer not null,
    primary key (hour, channel)
) strict, without rowid;
