begin;
set local search_path = public, extensions, tests;
select plan(11);

-- what the seed left to do
update public.deliveries set next_attempt_at = now() + interval '1 day', leased_until = now() + interval '1 day'
where status in ('queued', 'sending', 'unknown');
update public.webhook_messages set next_attempt_at = now() + interval '1 day' where status = 'queued';
update public.pending_rewards set next_attempt_at = now() + interval '1 day', last_attempt_at = now() where status like 'awaiting%';
update public.crm_events set leased_until = now() + interval '1 day' where status = 'received';

select is_empty('select private.due_jobs()', 'due_jobs: nothing is due → nothing, and an idle project calls no function');

select tests.keep(tests.create_delivery());
select results_eq('select private.due_jobs()', '{deliveries}'::text[], 'due_jobs: a queued message → deliveries');
select tests.keep('lease', tests.lease(tests.the('delivery')));
select is_empty('select private.due_jobs()', 'due_jobs: a message that a worker has → nothing');
update public.deliveries set leased_until = now() - interval '1 second' where id = tests.the('delivery');
select results_eq('select private.due_jobs()', '{deliveries}'::text[], 'due_jobs: a worker that died → deliveries');
select public.lease_unknown_deliveries(1, 60);
select results_eq('select private.due_jobs()', '{deliveries}'::text[], 'due_jobs: a message to be looked up → deliveries');
update public.deliveries set next_attempt_at = now() + interval '1 hour' where id = tests.the('delivery');
select is_empty('select private.due_jobs()', 'due_jobs: a message for later → nothing');

select tests.keep('debt', tests.create_promise(0));
select tests.provision((tests.kept('debt') ->> 'recipient')::uuid);
select is_empty('select from private.due_jobs() d where d <> ''deliveries''', 'due_jobs: a reward is pending and stock has none → nothing');
select tests.add_cards((tests.kept('debt') ->> 'pool')::uuid, 1);
update public.pending_rewards set last_attempt_at = now() - interval '2 seconds';
select ok('pending-rewards' in (select private.due_jobs()), 'due_jobs: stock has a card for a pending reward → pending-rewards');

select tests.keep('client', tests.create_client());
insert into public.webhook_endpoints (id, client_id, url) values (tests.the('client'), tests.the('client'), 'https://shop.example/hook');
insert into public.webhook_messages (endpoint_id, client_id, event_type, data)
values (tests.the('client'), tests.the('client'), 'gift_card.delivered', '{}');
select ok('webhooks' in (select private.due_jobs()), 'due_jobs: a queued webhook → webhooks');
update public.webhook_endpoints set is_active = false, disabled_at = now() where id = tests.the('client');
select ok('webhooks' not in (select private.due_jobs()), 'due_jobs: its endpoint is switched off → nothing');

select is_empty('select from private.due_jobs() d where d in (''reconcile-payments'', ''reconcile-purchases'', ''crm-events'')',
  'due_jobs: no open purchase, payment or event → none of their jobs');

select * from finish();
rollback;
