-- +goose Up
-- Times and lengths of time are microseconds, times since the epoch in UTC; 0 is none. Lists are texts joined by
-- commas. Message identifiers are their sixteen bytes, which sort by time. Tables and columns are those of the
-- PostgreSQL store.

create table number (
    name text primary key,
    next integer not null
) strict, without rowid;
insert into number (name, next) values
    ('person', 1000000001), ('point', 1000000001), ('contact', 1000000001), ('ledger', 1);

create table contact (
    id integer primary key,
    accepted_at integer not null,
    source text not null,
    division text not null,
    reference text not null,
    class text not null,
    type text not null,
    person integer not null,
    account text not null,
    premise text not null,
    data text not null,
    inline text not null,
    expires_at integer not null,
    config integer not null,
    by text not null
) strict;

create table plan (
    contact integer primary key,
    steps integer not null
) strict;

create table step (
    contact integer not null,
    number integer not null,
    message blob not null,
    started_at integer not null,
    why text not null,
    primary key (contact, number)
) strict, without rowid;

create table message (
    id blob not null primary key,
    accepted_at integer not null,
    source text not null,
    division text not null,
    origin integer not null,
    contact integer not null,
    step integer not null,
    steps integer not null,
    channel text not null,
    urgency integer not null,
    route text not null,
    lane integer not null,
    person integer not null,
    point integer not null,
    name text not null,
    language text not null,
    address text not null,
    zones text not null,
    account text not null,
    reference text not null,
    template text not null,
    config integer not null,
    content text not null,
    expires_at integer not null,
    receipt integer not null,
    hold integer not null,
    doubt integer not null,
    marketing integer not null
) strict;
create index message_accepted on message (accepted_at);
-- Whom a reply answers. Only texts are answered, so only texts pay for it.
create index message_texted on message (address, accepted_at) where channel = 'sms';

create table evidence (
    message blob not null,
    seq integer not null,
    at integer not null,
    kind integer not null,
    attempt integer not null,
    reason text not null,
    code text not null,
    provider text not null,
    ref text not null,
    took integer not null,
    primary key (message, seq)
) strict, without rowid;

-- A lease is a later due_at: one index orders the queue and holds the leases.
create table due (
    lane integer not null,
    due_at integer not null,
    message blob not null,
    first_due_at integer not null,
    seq integer not null,
    fence integer not null,
    reason text not null,
    priority integer not null,
    attempt integer not null,
    owner text not null,
    primary key (lane, due_at, message)
) strict, without rowid;
create unique index due_message on due (message);

create table deadline (
    message blob not null,
    kind integer not null,
    at integer not null,
    primary key (message, kind)
) strict, without rowid;
create index deadline_at on deadline (at);

create table intake_key (
    kind integer not null,
    source text not null,
    key text not null,
    division text not null,
    hash blob not null,
    contact integer not null,
    at integer not null,
    primary key (kind, source, key)
) strict, without rowid;

create table provider_ref (
    provider text not null,
    ref text not null,
    message blob not null,
    at integer not null,
    primary key (provider, ref)
) strict, without rowid;

-- A report stays after it was consumed: its key keeps a repeated one out.
create table report (
    number integer primary key autoincrement,
    provider text not null,
    key text not null,
    message blob,
    ref text not null,
    at integer not null,
    says text not null,
    reason text not null,
    code text not null,
    undeliverable integer not null,
    suppress text not null,
    from_address text not null,
    to_sender text not null,
    word text not null,
    received_at integer not null,
    look_at integer not null,
    done integer not null default 0,
    unique (provider, key)
) strict;
create index report_waiting on report (number) where done = 0;

create table counter (
    hour integer not null,
    channel text not null,
    urgency integer not null,
    place integer not null,
    delta integer not null
) strict;
create index counter_hour on counter (hour);

create table person (
    id integer primary key,
    source text not null,
    external_id text not null,
    division text not null,
    version integer not null,
    names text not null,
    language text not null,
    account text not null,
    updated_at integer not null,
    unique (source, external_id)
) strict;

create table point (
    id integer primary key,
    person integer not null,
    position integer not null,
    kind text not null,
    value text not null,
    capabilities text not null,
    zones text not null,
    preferred integer not null,
    origin text not null,
    undeliverable_since integer not null,
    unique (person, kind, value)
) strict;
create index point_value on point (value);

create table suppression (
    channel text not null,
    address text not null,
    division text not null,
    reason text not null,
    origin text not null,
    since integer not null,
    primary key (address, channel, division, reason)
) strict, without rowid;

create table ledger_entry (
    id integer primary key,
    source text not null,
    division text not null,
    body text not null
) strict;

create table ledger_mark (
    first integer primary key,
    n integer not null
) strict;

create table ledger_seal (
    first_leaf integer primary key,
    first integer not null,
    n integer not null,
    at integer not null
) strict;

create table cursor (
    name text primary key,
    next integer not null
) strict, without rowid;

create table run (
    batch text not null,
    number integer not null,
    business_date text not null,
    opened_at integer not null,
    closed_at integer not null,
    told_at integer not null,
    letters integer not null,
    hash text not null,
    version integer not null,
    by text not null,
    primary key (batch, number)
) strict, without rowid;

create table letter (
    batch text not null,
    run integer not null,
    number integer not null,
    message blob not null unique,
    key text not null,
    route text not null,
    record text not null,
    primary key (batch, run, number)
) strict;

create table lane_pause (
    lane integer primary key,
    reason text not null,
    until integer not null,
    by text not null
) strict;

create table principal (
    name text primary key,
    hash blob not null unique,
    source text not null,
    divisions text not null,
    roles text not null,
    created_at integer not null,
    revoked_at integer not null
) strict;

create table config_version (
    version integer primary key,
    at integer not null,
    by text not null
) strict;

create table config_row (
    version integer not null,
    position integer not null,
    kind text not null,
    code text not null,
    body text not null,
    primary key (version, position)
) strict, without rowid;

create table tick (
    chore text not null,
    at integer not null,
    by text not null,
    primary key (chore, at)
) strict, without rowid;

create table heartbeat (
    id integer primary key,
    beats integer not null
) strict;
insert into heartbeat (id, beats) values (1, 0);
