-- +goose Up
-- The desk's part of contacts, their logs and reminders. The row of a contact stays as it was accepted: what a desk adds or
-- corrects stands beside it, and a contact that no desk touches has nothing here. The release before this one neither writes
-- nor reads any of it.

create table contact_desk (
    contact bigint primary key,
    revision bigint not null,
    open boolean not null,
    comments text not null,
    method text not null,
    at bigint not null,
    class text not null,
    type text not null,
    characteristics text not null,
    tags text not null,
    external text not null,
    identifiers text not null,
    changed_at bigint not null,
    by text not null
) with (fillfactor = 80);

create table contact_log (
    contact bigint not null,
    log bigint not null,
    at bigint not null,
    by text not null,
    comments text not null,
    primary key (contact, log)
);
insert into number (name, next) values ('log', 1000000001) on conflict do nothing;

-- A reminder waits while it has no To Do (todo 0). What waits is read in the order of its index, by the date it is due.
create table reminder (
    contact bigint not null,
    log bigint not null,
    source text not null,
    division text not null,
    kind text not null,
    send_to text not null,
    trigger_date text not null collate "C",
    person bigint not null,
    account text not null,
    premise text not null,
    todo bigint not null default 0,
    made_at bigint not null default 0,
    completed_at bigint not null default 0,
    primary key (contact, log)
) with (
    fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 20000,
    autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 200000
);
create index reminder_waiting on reminder (trigger_date, contact, log) where todo = 0;
create unique index reminder_todo on reminder (todo) where todo <> 0;

-- By whom contacts are found, and the entries of the ledger by contact. The indexes are made of the table alone: those of
-- partitions that come are made with them, those of partitions that are there one at a time, after the migration, without
-- keeping anybody from writing (see indexes.go).
create index contact_person on only contact (person, id) where person <> 0;
create index contact_account on only contact (account, id) where account <> '';
create index contact_premise on only contact (premise, id) where premise <> '';
create index ledger_entry_contact on only ledger_entry (contact, id) where contact <> 0;
