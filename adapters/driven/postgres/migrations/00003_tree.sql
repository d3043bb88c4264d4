-- +goose Up
-- The ledger's Merkle tree (RFC 6962): tiles of height 8 as C2SP tlog-tiles addresses them, 32 bytes a hash. A release
-- that does not know it seals on; its leaves are put into the tree by the next one that does.

create table ledger_tile (
    level smallint not null,
    n bigint not null,
    hashes bytea not null,
    primary key (level, n)
);
-- Hashes do not compress, and a whole tile is too long for a row.
alter table ledger_tile alter column hashes set storage external;

-- The newest tree and its signed checkpoint: one row, whose size is what sealers race for.
create table ledger_tree (
    id smallint primary key,
    size bigint not null,
    root bytea not null,
    note text not null,
    key text not null,
    key_since bigint not null,
    at bigint not null
);
insert into ledger_tree (id, size, root, note, key, key_since, at)
    values (1, 0, '\xe3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855', '', '', 0, 0);

-- When a stretch was appended, by the clock of the server: how long it waits for the sealer is measured from it.
alter table ledger_mark add column at bigint not null default (extract(epoch from now()) * 1000000)::bigint;
