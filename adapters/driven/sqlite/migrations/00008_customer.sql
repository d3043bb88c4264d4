-- +goose Up
-- Customers as the desk knows them. Whoever was loaded before is found by name after the next load.

insert into number (name, next) values
    ('account', 1000000001), ('premise', 1000000001), ('agreement', 1000000001)
on conflict do nothing;

alter table person add column revision integer not null default 1;
alter table person add column also text not null default '';
alter table person add column owned text not null default '';
alter table person add column detail text not null default '';
alter table point add column type text not null default '';
alter table point add column extension text not null default '';

create table identifier (
    person integer not null,
    position integer not null,
    type text not null,
    key text not null,
    value text not null,
    is_primary integer not null,
    is_unique integer not null,
    primary key (person, position)
) strict, without rowid;
create index identifier_key on identifier (key, type);
create unique index identifier_once on identifier (type, key) where is_unique;

create table account (
    id integer primary key,
    source text not null,
    external_id text not null,
    division text not null,
    version integer not null,
    revision integer not null,
    premise text not null,
    owned text not null,
    detail text not null,
    updated_at integer not null,
    unique (source, external_id)
) strict;
create index account_premise on account (premise, source);

create table account_person (
    account integer not null,
    position integer not null,
    person integer not null,
    detail text not null,
    primary key (account, position)
) strict, without rowid;
create index account_person_person on account_person (person, account);

create table premise (
    id integer primary key,
    source text not null,
    external_id text not null,
    division text not null,
    version integer not null,
    revision integer not null,
    owned text not null,
    detail text not null,
    updated_at integer not null,
    unique (source, external_id)
) strict;

create table agreement (
    id integer primary key,
    source text not null,
    external_id text not null,
    division text not null,
    version integer not null,
    account integer not null,
    type text not null,
    premise text not null,
    status text not null,
    start_date text not null,
    end_date text not null,
    deposit_class text not null,
    current_balance text not null,
    payoff_balance text not null,
    currency text not null,
    updated_at integer not null,
    unique (source, external_id)
) strict;
create index agreement_account on agreement (account);

create table search_word (
    kind integer not null,
    word text not null,
    id integer not null,
    primary key (kind, word, id)
) strict, without rowid;
create index search_word_id on search_word (id, kind, word);
