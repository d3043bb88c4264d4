-- +goose Up
-- The desk's part of contacts, their logs and reminders. The row of a contact stays as it was accepted: what a desk adds or
-- corrects stands beside it, and a contact that no desk touches has nothing here.

create table contact_desk (
    contact integer primary key,
    revision integer not null,
    open integer not null,
    comments text not null,
    method text not null,
    at integer not null,
    class text not null,
    type text not null,
    characteristics text not null,
    tags text not null,
    external text not null,
    identifiers text not null,
    changed_at integer not null,
    by text not null
) strict;

create table contact_log (
    contact integer not null,
    log integer not null,
    at integer not null,
    by text not null,
    comments text not null,
    primary key (contact, log)
) strict, without rowid;
insert into number (name, next) values ('log', 1000000001) on conflict do nothing;

-- A reminder waits while it has no To Do (todo 0). What waits is read in the order of its index, by the date it is due.
create table reminder (
    contact integer not null,
    log integer not null,
    source text not null,
    division text not null,
    kind text not null,
    send_to text not null,
    trigger_date text not null,
    person integer not null,
    account text not null,
    premise text not null,
    todo integer not null default 0,
    made_at integer not null default 0,
    completed_at integer not null default 0,
    primary key (contact, log)
) strict, without rowid;
create index reminder_waiting on reminder (trigger_date, contact, log) where todo = 0;
create unique index reminder_todo on reminder (todo) where todo <> 0;

-- By whom contacts are found, and the entries of the ledger by contact.
create index contact_person on contact (person, id) where person <> 0;
create index contact_account on contact (account, id) where account <> '';
create index contact_premise on contact (premise, id) where premise <> '';
create index ledger_entry_contact on ledger_entry (cast(json_extract(body, '$.contact') as integer), id)
    where json_extract(body, '$.contact') is not null;
