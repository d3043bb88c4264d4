-- +goose Up
-- System events that were taken in: who raises one again gets the same answer. Nothing personal is here; what the event
-- says is kept with the contacts it made. The release before this one neither writes nor reads any of it.

create table source_event (
    source text not null,
    kind text not null,
    object text not null,
    sequence integer not null,
    division text not null,
    hash blob not null,
    made text not null,
    at integer not null,
    by text not null,
    primary key (source, kind, object, sequence)
) strict;
create index source_event_at on source_event (at);

-- Service tasks that create contacts; one in error keeps its event until it is tried again.
create table contact_task (
    id integer primary key,
    source text not null,
    division text not null,
    type text not null,
    creator text not null,
    event text not null,
    status text not null,
    contact integer not null,
    problem text not null,
    tries integer not null,
    revision integer not null,
    created_at integer not null,
    changed_at integer not null,
    by text not null
) strict;
create index contact_task_changed on contact_task (changed_at) where status = 'completed';
insert into number (name, next) values ('contact_task', 1000000001);
