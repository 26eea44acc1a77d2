-- Without stock a supplier sells the card: the event waits while it is bought, and says so when it is there, or is owed.
begin;
set local search_path = public, extensions, tests;
select plan(12);

select tests.keep(tests.create_promise(0));
select tests.keep('endpoint', tests.create_crm_endpoint(current_setting('tests.facts')::jsonb));
select tests.keep('supplier', tests.create_supplier(tests.the('brand')));

create function pg_temp.process(contact text) returns jsonb language plpgsql as $$
begin
  perform tests.keep('event', tests.record_crm_event(tests.the('endpoint'), contact_id => contact));
  return public.process_crm_event(tests.the('event'), array[tests.kept('supplier') #>> '{}']) -> 'result';
end $$;
create function pg_temp.event() returns text language sql as $$
  select concat_ws(' ', e.status, e.code, case when e.gift_card_id is not null then 'with card' end)
  from public.crm_events e where e.id = tests.the('event')
$$;

-- bought
select tests.keep('answer', pg_temp.process('crm-1'));
select is(tests.kept('answer') #>> '{purchase,action}', 'issue', 'process_crm_event: no stock, a supplier sells the card → a supplier purchase to make');
select is(pg_temp.event(), 'owed GC-005', 'process_crm_event: a card is being purchased → the event waits');
select is((tests.complete_supplier_purchase(tests.kept('answer') -> 'purchase')) ->> 'outcome', 'ok', 'process_crm_event: the supplier has sold it');
select is(pg_temp.event(), 'provisioned with card', '… the event is provisioned');
select is(d.channel, 'sms', 'process_crm_event: the card is sent to the recipient') from public.crm_events e
join public.deliveries d on d.subject_id = e.gift_card_id where e.id = tests.the('event');
select is(c.exposed_at, null, '… no answer has disclosed it') from public.crm_events e
join public.gift_cards c on c.id = e.gift_card_id where e.id = tests.the('event');
select is(public.process_crm_event(tests.the('event'), '{}') #> '{result,purchase}', null, 'process_crm_event: a repeated event → no second purchase');

-- not bought, and owed
select tests.keep('second', tests.create_recipients(tests.the('campaign')));
update public.campaign_recipients set external_crm_id = 'crm-2' where id = tests.the('second');
select tests.keep('answer', pg_temp.process('crm-2'));
select is((tests.complete_supplier_purchase(tests.kept('answer') -> 'purchase', 'declined')) ->> 'code', 'GC-005',
  'complete_supplier_purchase: declined by the last supplier → GC-005');
select is(pg_temp.event(), 'owed GC-005', 'process_crm_event: a pending reward → the event waits');
select tests.add_cards(tests.the('pool'), 1);
update public.pending_rewards set last_attempt_at = now() - interval '1 minute' where recipient_id = tests.the('second');
select is(public.fulfil_pending_reward('{}') #>> '{result,code}', null, 'fulfil_pending_reward: stock is back → fulfilled');
select is(pg_temp.event(), 'provisioned with card', 'process_crm_event: fulfilled → the event is provisioned');

select is_empty('select * from private.invariant_violations', 'invariants: none is violated');

select * from finish();
rollback;
