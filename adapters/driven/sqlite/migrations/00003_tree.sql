-- +goose Up
-- The ledger's Merkle tree (RFC 6962): tiles of height 8 as C2SP tlog-tiles addresses them, 32 bytes a hash.

create table ledger_tile (
    level integer not null,
    n integer not null,
    hashes blob not null,
    primary key (level, n)
) strict;

-- The newest tree and its signed checkpoint: one row, whose size is what sealers race for.
create table ledger_tree (
    id integer primary key,
    size integer not null,
    root blob not null,
    note text not null,
    key text not null,
    key_since integer not null,
    at integer not null
) strict;
insert into ledger_tree (id, size, root, note, key, key_since, at)
    values (1, 0, x'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855', '', '', 0, 0);

-- When a stretch was appended: how long it waits for the sealer is measured from it.
alter table ledger_mark add column at integer not null default 0;
update ledger_mark set at = cast(unixepoch('subsec') * 1000000 as integer);
