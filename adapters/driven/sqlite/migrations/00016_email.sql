-- +goose Up
-- Who was loaded before is found by email address too, however it is written.
insert into search_word (kind, word, id)
select distinct 5, substr(lower(value), 1, 40), person from point where kind = 'email'
on conflict do nothing;
