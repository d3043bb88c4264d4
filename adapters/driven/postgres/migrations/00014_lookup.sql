-- +goose Up
-- Customers by the name that some source has for them: a person at the desk does not say which source it is.
create index person_external on person (external_id);
create index account_external on account (external_id);
create index premise_external on premise (external_id);
