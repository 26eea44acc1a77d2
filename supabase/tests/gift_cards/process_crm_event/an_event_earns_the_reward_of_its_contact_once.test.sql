-- What a CRM tells of a contact becomes the card of the condition that waits for it, by the recipient's own channel, once.
begin;
set local search_path = public, extensions, tests;
select plan(19);

select tests.keep(tests.create_promise(3));
select tests.keep('endpoint', tests.create_crm_endpoint(current_setting('tests.facts')::jsonb));

create temp table event as select * from tests.take_crm_event(tests.the('endpoint'), 'e-1');
select is(status, 'provisioned', 'process_crm_event: a matching event → a card') from event;
select is(recipient_id, tests.the('recipient'), '… for the recipient with this external id') from event;
select is(condition_number, 1, '… by the condition that matches the event') from event;
select isnt(processed_at, null, '… with the time') from event;

select is(d.channel, 'sms', '… sent by SMS') from event e join public.deliveries d on d.subject_id = e.gift_card_id;
select is(d.deliver_to, r.phone, '… to the recipient''s own phone')
from event e join public.deliveries d on d.subject_id = e.gift_card_id join public.campaign_recipients r on r.id = e.recipient_id;
select is(g.surface, 'crm', '… the grant has the surface crm') from event e
join public.gift_cards c on c.id = e.gift_card_id join public.gift_card_grants g on g.id = c.grant_id;
select is(c.exposed_at, null, '… no answer has disclosed the code') from event e join public.gift_cards c on c.id = e.gift_card_id;
select is((a.metadata ->> 'code_shown')::boolean, false, '… the audit log says so')
from event e join public.audit_events a on a.subject_id = e.gift_card_id and a.action = 'gift_card.provisioned';
select is(public.process_crm_event((select id from event), '{}') -> 'sealed', 'null'::jsonb, '… nor does the webhook''s answer');

select is((tests.take_crm_event(tests.the('endpoint'), 'e-1')).id, (select id from event), 'record_crm_events: the same event again → the same row');
select is((select attempts from public.crm_events where id = (select id from event)), 1, 'process_crm_event: the same event again → nothing is done');
select is((select count(*) from public.gift_cards where recipient_id = tests.the('recipient')), 1::bigint, '… one card');

-- the same thing under another id
create temp table again as select * from tests.take_crm_event(tests.the('endpoint'), 'e-2');
select is((select row(status, code)::text from again), '(refused,GC-010)', 'process_crm_event: another event for the same reward → GC-010');
select is((select gift_card_id from again), (select gift_card_id from event), '… with the id of the card');

-- the other channel
create temp table reached as
  select id, row_number() over () as n from tests.create_recipients(tests.the('campaign'), 2) as id;
update public.campaign_recipients r set external_crm_id = 'crm-' || (n + 1), phone = case n when 1 then null else r.phone end
from reached where reached.id = r.id;
insert into public.contact_opt_outs (channel, address, source)
select 'sms', r.phone, 'test' from public.campaign_recipients r where r.external_crm_id = 'crm-3' and r.campaign_id = tests.the('campaign');
create temp table taken as
  select * from tests.take_crm_event(tests.the('endpoint'), contact_id => 'crm-2') union all
  select * from tests.take_crm_event(tests.the('endpoint'), contact_id => 'crm-3');
select is((select d.channel from public.deliveries d join taken on d.subject_id = taken.gift_card_id where contact_id = 'crm-2'),
  'email', 'process_crm_event: no phone → by e-mail');
select is((select d.channel from public.deliveries d join taken on d.subject_id = taken.gift_card_id where contact_id = 'crm-3'),
  'email', '… the same when the phone has opted out');

select is(private.channel_of(gen_random_uuid()), null, 'channel_of: an unknown recipient → null');
select is_empty('select * from private.invariant_violations', 'invariants: none is violated');

select * from finish();
rollback;
