package main

// The statements of adapters/driven/postgres, restated. drift.go says at every run, and a test, whether they still are the
// same to the letter.
const (
	byIndex = `
select set_config('enable_seqscan', 'off', true), set_config('enable_bitmapscan', 'off', true),
    set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true),
    set_config('enable_sort', 'off', true), set_config('jit', 'off', true)`

	insertKeys = `
insert into intake_key (kind, source, key, division, hash, contact, at)
select * from unnest($1::smallint[], $2::text[], $3::text[], $4::text[], $5::bytea[], $6::bigint[], $7::bigint[])`

	insertContacts = `
insert into contact (id, accepted_at, source, division, reference, class, type, person, account, premise, data, inline, expires_at, config, by)
select * from unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bigint[],
    $9::text[], $10::text[], $11::text[], $12::text[], $13::bigint[], $14::bigint[], $15::text[])`

	insertPlans = `insert into plan (contact, steps) select * from unnest($1::bigint[], $2::smallint[])`

	insertSteps = `
insert into step (contact, number, message, started_at, why)
select * from unnest($1::bigint[], $2::smallint[], $3::uuid[], $4::bigint[], $5::text[])`

	insertMessages = `
insert into message (id, accepted_at, source, division, origin, contact, step, steps, channel, urgency, route, lane, person,
    point, name, language, address, zones, account, reference, template, config, content, expires_at, receipt, hold, doubt,
    marketing)
select * from unnest($1::uuid[], $2::bigint[], $3::text[], $4::text[], $5::smallint[], $6::bigint[], $7::smallint[],
    $8::smallint[], $9::text[], $10::smallint[], $11::text[], $12::smallint[], $13::bigint[], $14::bigint[], $15::text[],
    $16::text[], $17::text[], $18::text[], $19::text[], $20::text[], $21::text[], $22::bigint[], $23::text[], $24::bigint[],
    $25::bigint[], $26::bigint[], $27::smallint[], $28::boolean[])`

	insertDues = `
insert into due (lane, due_at, message, first_due_at, reason, priority, attempt, seq, fence, owner)
select * from unnest($1::smallint[], $2::bigint[], $3::uuid[], $4::bigint[], $5::smallint[], $6::smallint[], $7::smallint[],
    $8::integer[], $9::integer[], $10::text[])`

	insertEvidence = `
insert into evidence (message, seq, at, kind, attempt, reason, code, provider, ref, took)
select * from unnest($1::uuid[], $2::integer[], $3::bigint[], $4::smallint[], $5::smallint[], $6::text[], $7::text[],
    $8::text[], $9::text[], $10::bigint[])`

	insertRefs = `
insert into provider_ref (provider, ref, message, at)
select * from unnest($1::text[], $2::text[], $3::uuid[], $4::bigint[])
on conflict do nothing`

	insertDeadlines = `
insert into deadline (message, kind, at)
select * from unnest($1::uuid[], $2::smallint[], $3::bigint[])
on conflict (message, kind) do update set at = excluded.at`

	insertCounts = `
insert into counter (hour, channel, urgency, place, delta)
select * from unnest($1::bigint[], $2::text[], $3::smallint[], $4::smallint[], $5::bigint[])`

	insertEntries = `
insert into ledger_entry (id, at, kind, source, division, contact, body)
select * from unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::text[])`

	insertMarks = `insert into ledger_mark (first, n) select * from unnest($1::bigint[], $2::bigint[])`

	deleteDeadlines = `delete from deadline where message = any($1::uuid[])`

	settle = `
with gone as (
    delete from due d
    using unnest($1::smallint[], $2::bigint[], $3::uuid[], $4::integer[]) as f (lane, lease, message, fence)
    where d.lane = f.lane and d.due_at = f.lease and d.message = f.message and d.fence = f.fence and length(d.owner) > 0
    returning 1)
select expect_rows((select count(*) from gone), $5, 'fence')`

	claim = `
with c as materialized (
    select ctid as t, due_at as was, owner as previous, reason as waited
    from due
    where lane = $1 and due_at <= $2 and due_at >= $3
        and not exists (select from lane_pause p where p.lane = $1 and (p.until = 0 or p.until > $2))
    order by due_at, message
    limit $4
    for update skip locked),
u as (
    update due d
    set due_at = $5, owner = $6, reason = $7, fence = d.fence + 1
    from c
    where d.ctid = c.t
    returning d.message, d.first_due_at, d.priority, d.attempt, d.seq, d.fence, c.was, c.previous, c.waited)
select u.was, u.first_due_at, u.priority, u.attempt, u.seq, u.fence, u.previous, u.waited, ` + messageColumns + `
from u join message m on m.id = u.message`

	messageColumns = `m.id, m.accepted_at, m.source, m.division, m.origin, m.contact, m.step, m.steps, m.channel, m.urgency,
    m.route, m.lane, m.person, m.point, m.name, m.language, m.address, m.zones, m.account, m.reference, m.template, m.config,
    m.content, m.expires_at, m.receipt, m.hold, m.doubt, m.marketing`

	gateSuppressions = `
select i.n, s.channel, s.address, s.division, s.reason, s.origin, s.since
from unnest($1::text[], $2::text[]) with ordinality as i (channel, address, n)
join suppression s on s.channel = i.channel and s.address = i.address
order by i.n, s.division`

	gatePoints = `
select i.n, t.id is null, coalesce(t.undeliverable_since, 0)
from unnest($1::bigint[], $2::bigint[], $3::text[]) with ordinality as i (point, person, address, n)
left join point t on t.id = i.point and t.person = i.person and t.value = i.address
where i.point <> 0`

	reserve = `update number set next = next + $2 where name = $1 returning next - $2`
)
