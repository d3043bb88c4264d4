-- +goose Up
-- To Do entries with all that the process says of them. The release before this one opens and completes entries of the
-- narrow kind: every new column has a default that means "nobody said", and what is derived (open, assigned, complete) is
-- not stored.

alter table todo add column role text not null default '';
alter table todo add column assignee text not null default '';
alter table todo add column assigned_at integer not null default 0;
alter table todo add column assigned_by text not null default '';
alter table todo add column work text not null default '';
alter table todo add column priority integer not null default 5;
alter table todo add column subject text not null default '';
alter table todo add column comments text not null default '';
alter table todo add column category text not null default '';
alter table todo add column number integer not null default 0;
alter table todo add column parameters text not null default '';
alter table todo add column drill text not null default '';
alter table todo add column sort text not null default '';
alter table todo add column skills text not null default '';
alter table todo add column batch text not null default '';
alter table todo add column run integer not null default 0;
alter table todo add column opened_by text not null default '';
alter table todo add column routed_at integer not null default 0;
alter table todo add column revision integer not null default 1;

-- The lists: everybody's, a role's, a user's. All are in the order in which work is done.
create index todo_work on todo (priority, sort, opened_at, id) where completed_at = 0;
create index todo_role on todo (role, priority, sort, opened_at, id) where completed_at = 0;
create index todo_user on todo (assignee, priority, sort, opened_at, id) where completed_at = 0 and assignee <> '';
create index todo_unrouted on todo (type, id) where completed_at = 0 and routed_at = 0;
create index todo_complete on todo (completed_at, id) where completed_at <> 0;
create index todo_complete_id on todo (id) where completed_at <> 0;
-- A user has one entry in progress.
create unique index todo_progress on todo (assignee) where completed_at = 0 and work = 'in_progress';

create table todo_characteristic (
    todo integer not null,
    type text not null,
    value text not null,
    primary key (todo, type, value)
) strict, without rowid;
create index todo_characteristic_value on todo_characteristic (type, value, todo);

create table todo_log (
    id integer primary key autoincrement,
    todo integer not null,
    at integer not null,
    kind text not null,
    by text not null,
    assignee text not null,
    role text not null,
    comment text not null,
    message blob
) strict;
create index todo_log_entry on todo_log (todo, id);
