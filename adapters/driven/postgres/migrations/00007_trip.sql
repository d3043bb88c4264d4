-- +goose Up
-- What persons have ordered of breakers: every gateway follows each order once.
create table breaker_trip (
    adapter text not null,
    route text not null,
    number bigint not null,
    tripped boolean not null,
    reason text not null,
    by text not null,
    at bigint not null,
    primary key (adapter, route)
);
