-- +goose Up
-- System events that were taken in: who raises one again gets the same answer. Nothing personal is here; what the event
-- says is kept with the contacts it made. The release before this one neither writes nor reads any of it.

create table source_event (
    source text not null,
    kind text not null,
    object text not null,
    sequence bigint not null,
    division text not null,
    hash bytea not null,
    made text not null,
    at bigint not null,
    by text not null,
    primary key (source, kind, object, sequence)
) with (autovacuum_vacuum_insert_scale_factor = 0.02, autovacuum_vacuum_insert_threshold = 500000);
create index source_event_at on source_event using brin (at) with (pages_per_range = 32, autosummarize = on);

-- Service tasks that create contacts; one in error keeps its event until it is tried again.
create table contact_task (
    id bigint primary key,
    source text not null,
    division text not null,
    type text not null,
    creator text not null,
    event text not null,
    status text not null,
    contact bigint not null,
    problem text not null,
    tries bigint not null,
    revision bigint not null,
    created_at bigint not null,
    changed_at bigint not null,
    by text not null
) with (fillfactor = 90);
create index contact_task_changed on contact_task using brin (changed_at) with (pages_per_range = 32, autosummarize = on);
insert into number (name, next) values ('contact_task', 1000000001) on conflict do nothing;
