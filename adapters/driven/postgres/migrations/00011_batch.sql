-- +goose Up
-- The records of the Batch Controls: runs, the threads into which a run parts its work, rows that had an error, pauses.
-- States: 1 pending, 2 running, 3 complete, 4 error, 5 cancelled, 6 lapsed. A run of LTRPRT stands here beside its letters
-- (table run); the release before this one knows only those.

create table batch_run (
    batch text not null,
    number bigint not null,
    rerun bigint not null,
    business_date text not null,
    parameters text not null,
    state smallint not null,
    threads smallint not null,
    by text not null,
    due_at bigint not null,
    asked_at bigint not null,
    started_at bigint not null,
    ended_at bigint not null,
    reason text not null,
    reported boolean not null,
    version bigint not null,
    primary key (batch, number)
);
-- One run of a batch is open at a time.
create unique index batch_run_open on batch_run (batch) where state in (1, 2);
create index batch_run_failed on batch_run (batch, number) where state = 4 and not reported;
create index batch_run_success on batch_run (batch, ended_at) where state = 3;

-- Instances of threads: an update for every commit.
create table batch_thread (
    batch text not null,
    run bigint not null,
    thread smallint not null,
    instance smallint not null,
    after_key text not null,
    until_key text not null,
    found bigint not null,
    at_key text not null,
    done bigint not null,
    errors bigint not null,
    state smallint not null,
    owner text not null,
    lease bigint not null,
    started_at bigint not null,
    ended_at bigint not null,
    reason text not null,
    version bigint not null,
    primary key (batch, run, thread, instance)
) with (fillfactor = 50);

create table batch_error (
    batch text not null,
    run bigint not null,
    key text collate "C" not null,
    thread smallint not null,
    instance smallint not null,
    code text not null,
    text text not null,
    at bigint not null,
    primary key (batch, run, key)
);

create table batch_pause (
    batch text primary key,
    reason text not null,
    by text not null,
    at bigint not null
);

-- Runs of the letter extract from before.
insert into batch_run (batch, number, rerun, business_date, parameters, state, threads, by, due_at, asked_at, started_at, ended_at,
    reason, reported, version)
select batch, number, 0, business_date, '{}', 3, 1, by, 0, opened_at, opened_at, told_at, '', false, 1 from run where told_at <> 0;
insert into batch_thread (batch, run, thread, instance, after_key, until_key, found, at_key, done, errors, state, owner, lease,
    started_at, ended_at, reason, version)
select batch, number, 1, 1, '', '', letters, '', letters, 0, 3, '', 0, opened_at, told_at, '', 1 from run where told_at <> 0;
