-- +goose Up
-- Customers as the desk knows them. The release before this one writes persons and points without the new columns, which
-- is what their defaults say; it neither reads nor writes the new tables.

insert into number (name, next) values
    ('account', 1000000001), ('premise', 1000000001), ('agreement', 1000000001)
on conflict do nothing;

-- Also are the other divisions that see a person; owned, the groups of fields that Carillon owns; detail, what nothing is
-- looked up by.
alter table person
    add column revision bigint not null default 1,
    add column also text not null default '',
    add column owned text not null default '',
    add column detail text not null default '';
alter table point
    add column type text not null default '',
    add column extension text not null default '';

create table identifier (
    person bigint not null,
    position smallint not null,
    type text not null,
    key text not null,
    value text not null,
    is_primary boolean not null,
    is_unique boolean not null,
    primary key (person, position)
);
create index identifier_key on identifier (key, type);
create unique index identifier_once on identifier (type, key) where is_unique;

create table account (
    id bigint primary key,
    source text not null,
    external_id text not null,
    division text not null,
    version bigint not null,
    revision bigint not null,
    premise text not null,
    owned text not null,
    detail text not null,
    updated_at bigint not null,
    unique (source, external_id)
);
create index account_premise on account (premise, source) where premise <> '';

create table account_person (
    account bigint not null,
    position smallint not null,
    person bigint not null,
    detail text not null,
    primary key (account, position)
);
create index account_person_person on account_person (person, account);

create table premise (
    id bigint primary key,
    source text not null,
    external_id text not null,
    division text not null,
    version bigint not null,
    revision bigint not null,
    owned text not null,
    detail text not null,
    updated_at bigint not null,
    unique (source, external_id)
);

create table agreement (
    id bigint primary key,
    source text not null,
    external_id text not null,
    division text not null,
    version bigint not null,
    account bigint not null,
    type text not null,
    premise text not null,
    status text not null,
    start_date text not null,
    end_date text not null,
    deposit_class text not null,
    current_balance text not null,
    payoff_balance text not null,
    currency text not null,
    updated_at bigint not null,
    unique (source, external_id)
);
create index agreement_account on agreement (account);

-- The words that persons and premises are found by; the byte order is that of Go. One index finds who has a word that
-- begins so, the other whether somebody has.
create table search_word (
    kind smallint not null,
    word text collate "C" not null,
    id bigint not null,
    primary key (kind, word, id)
);
create index search_word_id on search_word (id, kind, word);

-- Who was loaded before is found by name as far as SQL can take names apart; the next load puts its words right.
insert into search_word (kind, word, id)
select distinct 1, left(w, 40), p.id
from person p
cross join lateral json_array_elements(case when p.names like '[%' then p.names::json else '[]'::json end) n
cross join lateral regexp_split_to_table(
    regexp_replace(normalize(lower(n ->> 'text'), NFKD), '[\u0300-\u036f''’`]', '', 'g'), '[^[:alnum:]]+') w
where w <> ''
on conflict do nothing;
