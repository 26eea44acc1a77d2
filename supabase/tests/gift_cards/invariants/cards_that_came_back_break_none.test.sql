-- Cards that returned to stock break no invariant, in any state of their earlier messages.
begin;
set local search_path = public, extensions, tests;
select plan(3);

select tests.keep(tests.create_promise(2));
select tests.keep('agent', tests.create_user('call_agent', tests.the('client')));
select tests.keep('admin', tests.create_user('client_admin', tests.the('client')));
create temp table given as
  select tests.provision_for_caller(tests.the('agent'), recipient_id => r, deliver_to => '+1202555017' || n) -> 'result' as answer
  from tests.create_recipients(tests.the('campaign'), 2) with ordinality as t (r, n);
update public.campaign_recipients set email = null where campaign_id = tests.the('campaign');
select private.opt_out('sms', d.deliver_to, 'sms_reply', 'STOP') from public.deliveries d where d.client_id = tests.the('client');
select tests.lease((answer #>> '{delivery,id}')::uuid) from given;
select is((select array_agg(d.status) from public.deliveries d where d.client_id = tests.the('client')), '{suppressed,suppressed}',
  'invariants: two messages are suppressed');
grant select on given to authenticated;
select tests.sign_in(tests.the('admin'));
select is((select array_agg((public.cancel_gift_card((answer #>> '{giftCard,id}')::uuid, 'opted out')).status) from given),
  '{available,available}', 'cancel_gift_card: cards whose messages were suppressed → back in stock');
select tests.sign_out();
select is_empty('select * from private.invariant_violations', 'invariants: none is violated');

select * from finish();
rollback;
