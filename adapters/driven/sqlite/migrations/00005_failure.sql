-- +goose Up
-- What ended badly, and what people do about it. All of it is narrow and written only for failures: what goes well costs
-- nothing here. The release before this one writes none of it and reads none of it.

-- Messages that ended without a proof that anybody was reached, or that are in doubt; a row goes when its message leaves
-- that place.
create table dead_letter (
    message blob not null primary key,
    place integer not null,
    at integer not null,
    accepted_at integer not null,
    source text not null,
    division text not null,
    contact integer not null,
    class text not null,
    type text not null,
    channel text not null,
    route text not null,
    urgency integer not null,
    reason text not null,
    code text not null,
    attempts integer not null
) strict, without rowid;
create index dead_letter_newest on dead_letter (place, at, message);

-- Messages that replaced one of the same step.
create table retry (
    contact integer not null,
    step integer not null,
    number integer not null,
    message blob not null,
    former blob not null,
    at integer not null,
    by text not null,
    primary key (contact, step, number),
    unique (former)
) strict, without rowid;

-- Contacts whose plan goes no further.
create table halt (
    contact integer primary key,
    at integer not null,
    reason text not null,
    by text not null
) strict;

create table todo (
    id integer primary key autoincrement,
    type text not null,
    about text not null,
    source text not null,
    division text not null,
    contact integer not null,
    message blob,
    reason text not null,
    opened_at integer not null,
    completed_at integer not null default 0,
    by text not null default '',
    outcome text not null default ''
) strict;
insert into sqlite_sequence (name, seq) values ('todo', 10000000000000);
create unique index todo_open on todo (type, about) where completed_at = 0;
create index todo_open_id on todo (id) where completed_at = 0;
