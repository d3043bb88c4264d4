-- +goose Up
-- What deposit review (DEPRVW) found last of an account under a deposit class.
create table deposit_review (
    account bigint not null,
    class text not null collate "C",
    source text not null,
    external_id text not null,
    division text not null,
    business_date text not null,
    outcome text not null,
    recommended text not null,
    held text not null,
    tolerance smallint not null,
    currency text not null,
    listed boolean not null,
    reason text not null,
    run bigint not null,
    at bigint not null,
    primary key (account, class)
);
create index deposit_review_listed on deposit_review (account, class) where listed;
