-- A returned card leaves its event without one: it is pending again, or an admin replays it.
begin;
set local search_path = public, extensions, tests;
select plan(7);

select tests.keep(tests.create_promise(1));
select tests.keep('endpoint', tests.create_crm_endpoint(current_setting('tests.facts')::jsonb));
select tests.keep('admin', tests.create_user('client_admin', tests.the('client')));
select tests.keep('event', (tests.take_crm_event(tests.the('endpoint'))).id);

create function pg_temp.event() returns text language sql as $$
  select concat_ws(' ', e.status, e.code, case when e.gift_card_id is not null then 'with card' end)
  from public.crm_events e where e.id = tests.the('event')
$$;
create function pg_temp.as_admin(statement text) returns void language plpgsql as $$
begin
  perform tests.sign_in(tests.the('admin'));
  execute statement;
  perform tests.sign_out();
end $$;

select is(pg_temp.event(), 'provisioned with card', 'process_crm_event: the event has its card');
select pg_temp.as_admin(format('select public.cancel_gift_card(%L, %L)',
  (select gift_card_id from public.crm_events where id = tests.the('event')), 'By mistake'));
select is(pg_temp.event(), 'refused RB-400', 'cancel_gift_card: the card of an event → the event is refused, RB-400');
select is((select message from public.crm_events where id = tests.the('event')), 'The card was revoked',
  'reopen_events_on_return: → the event says that the card was revoked');

select pg_temp.as_admin(format('select public.replay_crm_event(%L)', tests.the('event')));
select public.process_crm_event(tests.the('event'), '{}');
select is(pg_temp.event(), 'provisioned with card', 'process_crm_event: processed again → a card again');

-- released by the sweep, because its message never left
select tests.add_cards(tests.the('pool'), 1);
select tests.keep('second', tests.create_recipients(tests.the('campaign')));
update public.campaign_recipients set external_crm_id = 'crm-2' where id = tests.the('second');
select tests.keep('event', (tests.take_crm_event(tests.the('endpoint'), contact_id => 'crm-2')).id);
update public.gift_cards set claimed_at = now() - interval '1 hour' where client_id = tests.the('client') and status = 'claimed';
update public.deliveries set created_at = now() - interval '1 hour' where client_id = tests.the('client') and status = 'queued';
select public.release_stuck_cards();
select is(pg_temp.event(), 'owed GC-003', 'release_stuck_cards: the card of an event → pending again, GC-003');
select public.fulfil_pending_reward('{}');
select is(pg_temp.event(), 'provisioned with card', '… until it is provisioned again');

select is_empty('select * from private.invariant_violations', 'invariants: none is violated');

select * from finish();
rollback;
