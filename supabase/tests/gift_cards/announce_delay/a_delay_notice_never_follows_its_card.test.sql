begin;
set local search_path = public, extensions, tests;
select plan(8);

select tests.keep(tests.create_promise(0));
select tests.provision(tests.the('recipient'));
select tests.keep('notice', (select id from public.deliveries where recipient_id = tests.the('recipient') and notice = 'reward_delayed'));
select tests.keep('lease', public.lease_deliveries(tests.the('notice'), 1) #> '{result,deliveries,0}');
select isnt(tests.kept('lease') ->> 'attemptId', null, 'lease_deliveries: a notice of a pending reward is leased');
select tests.add_cards(tests.the('pool'), 1);
select isnt(public.fulfil_pending_reward('{}') #>> '{result,giftCardId}', null, 'announce_delay: the card is provisioned meanwhile');
select is((select status from public.deliveries where id = tests.the('notice')), 'sending', 'announce_delay: a leased notice may still be sent');
select public.complete_delivery_attempt((tests.kept('lease') ->> 'attemptId')::uuid, (tests.kept('lease') ->> 'leaseToken')::uuid,
  'retriable', 'twilio', null, '20429', 'Too many requests');
update public.deliveries set next_attempt_at = now() where id = tests.the('notice');
select is((select status from public.deliveries where id = tests.the('notice')), 'queued', 'announce_delay: a queued notice → not sent');
select is(public.lease_deliveries(tests.the('notice'), 1) #> '{result,deliveries}', '[]',
  'lease_deliveries: a notice whose card was given → not leased');
select row_eq($$ select status, lease_token from public.deliveries where id = tests.the('notice') $$, row('cancelled'::text, null::uuid),
  '… but cancelled');
select results_eq($$ select status, error_code from public.delivery_attempts where delivery_id = tests.the('notice') order by attempt_number $$,
  $$ values ('retriable', '20429'), ('not_sent', 'called_off') $$, '… and its attempt says so');
select is(jsonb_array_length(public.lease_deliveries(null, 10) #> '{result,deliveries}'), 1, '… the card itself is leased');

select * from finish();
rollback;
