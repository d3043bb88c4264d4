-- +goose NO TRANSACTION
-- +goose Up
-- Big tables by range: message and evidence by the month in the message's identifier (UUIDv7 begins with milliseconds),
-- contact, plan, step and ledger_entry by blocks of their numbers. Every step can be repeated, so that a migration that was
-- cut short is taken up again. On a full store nothing is copied: the old table becomes the first partition, and its check is
-- proved beforehand without keeping anybody from writing. What was prepared against the old table is planned anew.

-- What partitions there are, and which were dropped. low is inclusive, high exclusive: milliseconds since the epoch of
-- message and evidence, else numbers. The first one takes everything below high. first_at and last_at are the earliest and
-- latest acceptance within, as far as they were asked for; 0 is not known.
create table if not exists partition (
    parent text not null,
    low bigint not null,
    high bigint not null,
    name text not null unique,
    first_at bigint not null default 0,
    last_at bigint not null default 0,
    dropped_at bigint not null default 0,
    primary key (parent, low)
);

-- +goose StatementBegin
create or replace function partition_blocks(parent text) returns bigint language sql immutable as $$
    select case parent when 'message' then 0 when 'evidence' then 0 when 'ledger_entry' then 100000000 else 10000000 end
$$;
-- +goose StatementEnd

-- The smallest identifier a message of the time can have.
-- +goose StatementBegin
create or replace function message_bound(ms bigint) returns uuid language sql immutable as $$
    select (lpad(to_hex(ms), 12, '0') || repeat('0', 20))::uuid
$$;
-- +goose StatementEnd

-- The first millisecond of the month that lies so many months after the time.
-- +goose StatementBegin
create or replace function month_after(ms bigint, months integer) returns bigint language sql immutable as $$
    select (extract(epoch from (date_trunc('month', to_timestamp(ms / 1000.0) at time zone 'UTC')
        + make_interval(months => months)) at time zone 'UTC') * 1000)::bigint
$$;
-- +goose StatementEnd

-- +goose StatementBegin
create or replace function partition_bound(parent text, bound bigint) returns text language sql immutable as $$
    select case when partition_blocks(parent) = 0 then quote_literal(message_bound(bound)) else bound::text end
$$;
-- +goose StatementEnd

-- A big table is written once: it is vacuumed after so many insertions, and frozen then and there.
-- +goose StatementBegin
create or replace function partition_tune(name text) returns void language plpgsql as $$
begin
    execute format('alter table %I set (autovacuum_vacuum_insert_scale_factor = 0.02, autovacuum_vacuum_insert_threshold = 500000,
        autovacuum_freeze_min_age = 0, autovacuum_analyze_scale_factor = 0.05)', name);
end $$;
-- +goose StatementEnd

-- Makes a partition. It is made apart and then attached, which keeps nobody from reading or writing its parent.
-- +goose StatementBegin
create or replace function partition_make(parent text, low bigint, high bigint) returns void language plpgsql as $$
declare
    part text := parent || '_p' || case when partition_blocks(parent) = 0
        then to_char(to_timestamp(low / 1000.0) at time zone 'UTC', 'YYYYMM') else (low / partition_blocks(parent))::text end;
begin
    execute format('create table %I (like %I including defaults)', part, parent);
    perform partition_tune(part);
    execute format('alter table %I attach partition %I for values from (%s) to (%s)', parent, part,
        partition_bound(parent, low), partition_bound(parent, high));
    insert into partition (parent, low, high, name) values (parent, low, high, part);
end $$;
-- +goose StatementEnd

-- Makes the partitions that are missing: of the month of now (microseconds) and three more, of the block a sequence stands
-- in and two more. Returns how many it made. Callers wait for each other; a lock on a parent is waited for two seconds.
-- +goose StatementBegin
create or replace function partitions_ahead(now bigint) returns integer language plpgsql as $$
declare
    big record;
    top bigint;
    want bigint;
    step bigint;
    made integer := 0;
begin
    perform pg_advisory_xact_lock(7264201);
    perform set_config('lock_timeout', '2s', true);
    for big in select p.parent, max(p.high) as high, partition_blocks(p.parent) as block from partition p group by p.parent order by 1 loop
        top := big.high;
        if big.block = 0 then
            want := month_after(now / 1000, 4);
        else
            select (n.next / big.block + 3) * big.block into strict want from number n
            where n.name = case big.parent when 'ledger_entry' then 'ledger' else 'contact' end;
        end if;
        while top < want loop
            step := case when big.block = 0 then month_after(top, 1) else top + big.block end;
            perform partition_make(big.parent, top, step);
            top := step;
            made := made + 1;
        end loop;
    end loop;
    return made;
end $$;
-- +goose StatementEnd

-- Runs a statement that needs a table for itself: it waits for the lock a second at a time, so that nobody queues behind
-- it for longer.
-- +goose StatementBegin
create or replace function patiently(statement text) returns void language plpgsql as $$
begin
    perform set_config('lock_timeout', '1s', true);
    for attempt in 1..60 loop
        begin
            execute statement;
            return;
        exception when lock_not_available or deadlock_detected then
            if attempt = 60 then
                raise;
            end if;
        end;
        perform pg_sleep(0.25);
    end loop;
end $$;
-- +goose StatementEnd

-- Where the first partition ends is decided once: after everything that is there and everything that is written meanwhile.
-- +goose StatementBegin
do $$
declare
    ms constant bigint := (extract(epoch from clock_timestamp()) * 1000)::bigint;
    newest uuid;
    month bigint;
    contacts bigint;
    entries bigint;
begin
    if exists (select from partition) then
        return;
    end if;
    select id into newest from message order by id desc limit 1;
    month := greatest(month_after(ms, 2),
        month_after(coalesce(('x' || left(replace(newest::text, '-', ''), 12))::bit(48)::bigint, 0), 2));
    select next into strict contacts from number where name = 'contact';
    select next into strict entries from number where name = 'ledger';
    contacts := (contacts / partition_blocks('contact') + 1) * partition_blocks('contact');
    entries := (entries / partition_blocks('ledger_entry') + 1) * partition_blocks('ledger_entry');
    insert into partition (parent, low, high, name) values
        ('message', 0, month, 'message_p0'), ('evidence', 0, month, 'evidence_p0'), ('contact', 0, contacts, 'contact_p0'),
        ('plan', 0, contacts, 'plan_p0'), ('step', 0, contacts, 'step_p0'), ('ledger_entry', 0, entries, 'ledger_entry_p0');
end $$;
-- +goose StatementEnd

-- +goose StatementBegin
create or replace function partition_key(parent text) returns text language sql immutable as $$
    select case parent when 'evidence' then 'message' when 'plan' then 'contact' when 'step' then 'contact' else 'id' end
$$;
-- +goose StatementEnd

-- +goose StatementBegin
create or replace function partition_whole(parent text) returns boolean language sql stable as $$
    select relkind = 'r' from pg_class where oid = to_regclass(parent)
$$;
-- +goose StatementEnd

-- The check goes for what is written from now on.
-- +goose StatementBegin
do $$
declare p record;
begin
    for p in select * from partition where low = 0 and partition_whole(parent) order by parent loop
        if not exists (select from pg_constraint where conrelid = to_regclass(p.parent) and conname = p.parent || '_first') then
            perform patiently(format('alter table %I add constraint %I check (%I < %s) not valid', p.parent, p.parent || '_first',
                partition_key(p.parent), partition_bound(p.parent, p.high)));
        end if;
    end loop;
end $$;
-- +goose StatementEnd

-- And is proved for what is there, while everybody goes on writing. One transaction per table, so that none is locked for
-- longer than its own scan.
-- +goose StatementBegin
do $$
declare p record;
begin
    for p in select * from partition where low = 0 and partition_whole(parent) order by parent loop
        execute format('alter table %I validate constraint %I', p.parent, p.parent || '_first');
        commit;
    end loop;
end $$;
-- +goose StatementEnd

-- The swap of one table: an instant, because nothing is scanned or built.
-- +goose StatementBegin
create or replace function partition_swap(parent text, first text, high bigint) returns void language plpgsql as $$
declare
    i record;
begin
    execute format('lock table %I in access exclusive mode', parent);
    execute format('alter table %I rename to %I', parent, first);
    for i in select c.relname::text as name, pg_get_indexdef(c.oid) as made, x.indisprimary as is_key
        from pg_index x join pg_class c on c.oid = x.indexrelid where x.indrelid = to_regclass(first) loop
        execute format('alter index %I rename to %I', i.name, replace(i.name, parent, first));
    end loop;
    execute format('create table %I (like %I including defaults) partition by range (%I)', parent, first, partition_key(parent));
    for i in select pg_get_constraintdef(oid) as made, conname::text as name from pg_constraint
        where conrelid = to_regclass(first) and contype = 'p' loop
        execute format('alter table %I add constraint %I %s', parent, parent || '_pkey', i.made);
    end loop;
    if parent = 'message' then
        create index message_accepted on message using brin (accepted_at) with (pages_per_range = 32, autosummarize = on);
        create index message_texted on message (address, accepted_at) where channel = 'sms';
    end if;
    execute format('alter table %I attach partition %I for values from (minvalue) to (%s)', parent, first, partition_bound(parent, high));
    execute format('alter table %I drop constraint %I', first, parent || '_first');
    perform partition_tune(first);
end $$;
-- +goose StatementEnd

-- +goose StatementBegin
do $$
declare p record;
begin
    for p in select * from partition where low = 0 and partition_whole(parent) order by parent loop
        perform patiently(format('select partition_swap(%L, %L, %s)', p.parent, p.name, p.high));
        commit;
    end loop;
end $$;
-- +goose StatementEnd

select partitions_ahead((extract(epoch from clock_timestamp()) * 1000000)::bigint);

drop function if exists partition_swap(text, text, bigint);
drop function if exists partition_whole(text);
drop function if exists patiently(text);

-- Legal holds, and where the rows of what is held are kept when their partition is dropped.
create table if not exists hold (
    number bigint primary key,
    kind text not null,
    subject text not null,
    reason text not null,
    by text not null,
    at bigint not null,
    lifted_at bigint not null,
    lifted_by text not null
);
create unique index if not exists hold_active on hold (subject, kind, reason) where lifted_at = 0;
insert into number (name, next) values ('hold', 1) on conflict do nothing;

create table if not exists contact_held (like contact including defaults, primary key (id));
create table if not exists plan_held (like plan including defaults, primary key (contact));
create table if not exists step_held (like step including defaults, primary key (contact, number));
create table if not exists message_held (like message including defaults, primary key (id));
create table if not exists evidence_held (like evidence including defaults, primary key (message, seq));
create table if not exists letter_held (like letter including defaults, primary key (message));
create table if not exists ledger_entry_held (like ledger_entry including defaults, primary key (id));
create index if not exists ledger_entry_held_contact on ledger_entry_held (contact, id);

-- Which closed hours were recounted, and what was found. An hour without a difference has no row in drift.
create table if not exists recount (
    hour bigint primary key,
    at bigint not null,
    next_at bigint not null
);
create table if not exists drift (
    hour bigint not null,
    channel text not null,
    messages bigint not null,
    primary key (hour, channel)
);

-- What is purged by its window is found by its time; a block range index costs an insert next to nothing.
create index if not exists intake_key_at on intake_key using brin (at) with (pages_per_range = 32, autosummarize = on);
create index if not exists provider_ref_at on provider_ref using brin (at) with (pages_per_range = 32, autosummarize = on);

-- A queue is vacuumed by the number of its dead rows, whatever its size, and at once. What is only appended is frozen as it
-- is vacuumed. A table of a few rows that change all day stays on a few pages.
alter table due set (autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 200000, autovacuum_analyze_threshold = 20000);
alter table deadline set (fillfactor = 90, autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 200000);
alter table ledger_mark set (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0);
alter table counter set (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0,
    autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 100000);
alter table report set (fillfactor = 90, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 20000);
alter table tick set (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
alter table cursor set (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
alter table number set (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
alter table heartbeat set (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
alter table intake_key set (autovacuum_vacuum_insert_scale_factor = 0.02, autovacuum_vacuum_insert_threshold = 500000, autovacuum_freeze_min_age = 0);
alter table provider_ref set (autovacuum_vacuum_insert_scale_factor = 0.02, autovacuum_vacuum_insert_threshold = 500000, autovacuum_freeze_min_age = 0);
alter table ledger_seal set (autovacuum_vacuum_insert_scale_factor = 0.02, autovacuum_vacuum_insert_threshold = 100000, autovacuum_freeze_min_age = 0);
