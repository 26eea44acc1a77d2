-- Without stock nothing is sent yet, and fulfilment later makes no such check: the alert counts pending rewards.
begin;
set local search_path = public, extensions, tests;
select plan(5);

select tests.keep(tests.create_promise(0));
select tests.keep('agent', tests.create_user('call_agent', tests.the('client')));
select tests.keep('recipients', (select jsonb_agg(r) from tests.create_recipients(tests.the('campaign'), 3) r));

create function pg_temp.ask(n int) returns text language sql as $$
  select tests.provision_for_caller(tests.the('agent'), recipient_id => (tests.kept('recipients') ->> n)::uuid,
    deliver_to => '+12025550133') ->> 'code'
$$;
create function pg_temp.alerts() returns int language sql as $$
  select count(*)::int from public.system_alerts
  where alert_type = 'cards_to_one_address' and client_id = tests.the('client') and resolved_at is null
$$;

select is(pg_temp.ask(0), 'GC-003', 'staff_disclosure: no stock → the reward is pending');
select pg_temp.ask(1);
select is(pg_temp.alerts(), 0, 'provision_gift_card_for_call_center: pending rewards of two recipients to one address → no alert');
select pg_temp.ask(2);
select is(pg_temp.alerts(), 1, 'provision_gift_card_for_call_center: pending rewards of three recipients to one address → alert');

-- corrected to it one by one
select tests.keep('recipients', (select jsonb_agg(r) from tests.create_recipients(tests.the('campaign'), 3) r));
delete from public.system_alerts where client_id = tests.the('client');
select tests.provision((r #>> '{}')::uuid, deliver_to => null) from jsonb_array_elements(tests.kept('recipients')) r;
select is(pg_temp.alerts(), 0, 'staff_disclosure: rewards to their own recipients → no alert');
select tests.sign_in(tests.the('agent'));
select public.update_pending_reward(r.id, 'sms', '+12025550134', 'asked by phone') from public.pending_rewards r
where r.recipient_id in (select (v #>> '{}')::uuid from jsonb_array_elements(tests.kept('recipients')) v);
select tests.sign_out();
select is(pg_temp.alerts(), 1, 'update_pending_reward: three pending rewards to one address → alert');

select * from finish();
rollback;
