-- +goose Up
-- What deposit review (DEPRVW) found last of an account under a deposit class.
create table deposit_review (
    account integer not null,
    class text not null,
    source text not null,
    external_id text not null,
    division text not null,
    business_date text not null,
    outcome text not null,
    recommended text not null,
    held text not null,
    tolerance integer not null,
    currency text not null,
    listed integer not null,
    reason text not null,
    run integer not null,
    at integer not null,
    primary key (account, class)
) strict;
create index deposit_review_listed on deposit_review (account, class) where listed <> 0;
