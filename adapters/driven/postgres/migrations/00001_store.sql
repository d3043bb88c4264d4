-- +goose Up
-- Times are microseconds since the epoch, UTC; 0 is none. Lists are texts joined by commas. Bodies are text: they are
-- validated in Go, and jsonb would cost the server half as much again per acceptance.

-- Aborts the transaction when a statement touched other rows than its write sets name: a fence, a version or a row is
-- lost. The word is the conflict's.
-- +goose StatementBegin
create function expect_rows(got bigint, want bigint, what text) returns bigint language plpgsql as $$
begin
    if got <> want then
        raise exception using errcode = 'CA409', message = what;
    end if;
    return got;
end $$;
-- +goose StatementEnd

create table number (
    name text primary key,
    next bigint not null
);
insert into number (name, next) values
    ('person', 1000000001), ('point', 1000000001), ('contact', 1000000001), ('ledger', 1);

-- Big tables: written once, never updated. Their keys are time-ordered, so that they can be partitioned by month.

create table contact (
    id bigint primary key,
    accepted_at bigint not null,
    source text not null,
    division text not null,
    reference text not null,
    class text not null,
    type text not null,
    person bigint not null,
    account text not null,
    premise text not null,
    data text not null,
    inline text not null,
    expires_at bigint not null,
    config bigint not null,
    by text not null
);

create table plan (
    contact bigint primary key,
    steps smallint not null
);

create table step (
    contact bigint not null,
    number smallint not null,
    message uuid not null,
    started_at bigint not null,
    why text not null,
    primary key (contact, number)
);

create table message (
    id uuid primary key,
    accepted_at bigint not null,
    source text not null,
    division text not null,
    origin smallint not null,
    contact bigint not null,
    step smallint not null,
    steps smallint not null,
    channel text not null,
    urgency smallint not null,
    route text not null,
    lane smallint not null,
    person bigint not null,
    point bigint not null,
    name text not null,
    language text not null,
    address text not null,
    zones text not null,
    account text not null,
    reference text not null,
    template text not null,
    config bigint not null,
    content text not null,
    expires_at bigint not null,
    receipt bigint not null,
    hold bigint not null,
    doubt smallint not null,
    marketing boolean not null
);
-- Closed hours are recounted by it; a block range index costs an insert next to nothing.
create index message_accepted on message using brin (accepted_at) with (pages_per_range = 32, autosummarize = on);
-- Whom a reply answers. Only texts are answered, so only texts pay for it.
create index message_texted on message (address, accepted_at) where channel = 'sms';

create table evidence (
    message uuid not null,
    seq integer not null,
    at bigint not null,
    kind smallint not null,
    attempt smallint not null,
    reason text not null,
    code text not null,
    provider text not null,
    ref text not null,
    took bigint not null,
    primary key (message, seq)
);

create table ledger_entry (
    id bigint primary key,
    at bigint not null,
    kind text not null,
    source text not null,
    division text not null,
    contact bigint not null,
    body text not null
);

-- What waits. The number of a mark is drawn when it is written, so that what depends on a commit is marked after it.
create table ledger_mark (
    number bigint generated always as identity primary key,
    first bigint not null,
    n bigint not null,
    constraint ledger_mark_first unique (first)
);

create table ledger_seal (
    first_leaf bigint primary key,
    first bigint not null,
    n bigint not null,
    at bigint not null
);

-- A lease is a later due_at: one index orders the queue and holds the leases.
create table due (
    lane smallint not null,
    due_at bigint not null,
    message uuid not null,
    first_due_at bigint not null,
    seq integer not null,
    fence integer not null,
    reason smallint not null,
    priority smallint not null,
    attempt smallint not null,
    owner text not null,
    primary key (lane, due_at, message)
) with (
    fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000,
    autovacuum_vacuum_cost_delay = 0, autovacuum_analyze_scale_factor = 0.2
);
create unique index due_message on due (message);

create table deadline (
    message uuid not null,
    kind smallint not null,
    at bigint not null,
    primary key (message, kind)
) with (
    autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000, autovacuum_vacuum_cost_delay = 0
);
create index deadline_at on deadline (at);

-- Keys: plain and unpartitioned, with a window.

create table intake_key (
    kind smallint not null,
    source text not null,
    key text not null,
    division text not null,
    hash bytea not null,
    contact bigint not null,
    at bigint not null,
    primary key (kind, source, key)
);

create table provider_ref (
    provider text not null,
    ref text not null,
    message uuid not null,
    at bigint not null,
    primary key (provider, ref)
);

-- A report stays after it was consumed: its key keeps a repeated one out.
create table report (
    number bigint generated always as identity primary key,
    provider text not null,
    key text not null,
    message uuid,
    ref text not null,
    at bigint not null,
    says text not null,
    reason text not null,
    code text not null,
    undeliverable boolean not null,
    suppress text not null,
    from_address text not null,
    to_sender text not null,
    word text not null,
    received_at bigint not null,
    look_at bigint not null,
    done boolean not null default false,
    unique (provider, key)
);
create index report_waiting on report (number) where not done;

create table counter (
    hour bigint not null,
    channel text not null,
    urgency smallint not null,
    place smallint not null,
    delta bigint not null
);
create index counter_hour on counter (hour);

create table person (
    id bigint primary key,
    source text not null,
    external_id text not null,
    division text not null,
    version bigint not null,
    names text not null,
    language text not null,
    account text not null,
    updated_at bigint not null,
    unique (source, external_id)
);

create table point (
    id bigint primary key,
    person bigint not null,
    position smallint not null,
    kind text not null,
    value text not null,
    capabilities text not null,
    zones text not null,
    preferred boolean not null,
    origin text not null,
    undeliverable_since bigint not null,
    unique (person, kind, value)
);
create index point_value on point (value);

create table suppression (
    channel text not null,
    address text not null,
    division text not null,
    reason text not null,
    origin text not null,
    since bigint not null,
    primary key (address, channel, division, reason)
);

create table run (
    batch text not null,
    number bigint not null,
    business_date text not null,
    opened_at bigint not null,
    closed_at bigint not null,
    told_at bigint not null,
    letters bigint not null,
    hash text not null,
    version bigint not null,
    by text not null,
    primary key (batch, number)
);

create table letter (
    batch text not null,
    run bigint not null,
    number bigint not null,
    message uuid not null,
    key text not null,
    route text not null,
    record text not null,
    primary key (batch, run, number),
    constraint letter_message unique (message)
);

create table lane_pause (
    lane smallint primary key,
    reason text not null,
    until bigint not null,
    by text not null
);

create table principal (
    name text primary key,
    hash bytea not null unique,
    source text not null,
    divisions text not null,
    roles text not null,
    created_at bigint not null,
    revoked_at bigint not null
);

create table config_version (
    version bigint primary key,
    at bigint not null,
    by text not null
);

create table config_row (
    version bigint not null,
    position integer not null,
    kind text not null,
    code text not null,
    body text not null,
    primary key (version, position)
);

create table cursor (
    name text primary key,
    next bigint not null
);

create table tick (
    chore text not null,
    at bigint not null,
    by text not null,
    primary key (chore, at)
);

create table heartbeat (
    id smallint primary key,
    beats bigint not null
);
insert into heartbeat (id, beats) values (1, 0);
