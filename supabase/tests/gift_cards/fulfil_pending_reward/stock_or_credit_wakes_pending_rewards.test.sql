begin;
set local search_path = public, extensions, tests;
select plan(20);

create function pg_temp.fulfil(suppliers text[] default '{}') returns jsonb language sql as $$
  select public.fulfil_pending_reward(suppliers) -> 'result'
$$;
create function pg_temp.credit(amount numeric) returns void language sql as $$
  select private.post_transfer(tests.the('client'), 'test', private.system_account(tests.the('client'), 'issuance', 'credit:USD'),
    private.credit_account('client', tests.the('client'), 'USD'), amount, gen_random_uuid()::text)
$$;
create function pg_temp.wait_till_tomorrow() returns void language sql as $$
  update public.pending_rewards set attempts = attempts + 1, last_attempt_at = now() - interval '1 minute',
    next_attempt_at = now() + interval '1 day' where campaign_id = tests.the('campaign')
$$;

select tests.keep(tests.create_promise(5));
update public.clients set prepaid_since = now() where id = tests.the('client');
select tests.provision(tests.the('recipient'));
select pg_temp.wait_till_tomorrow();
select is(pg_temp.fulfil(), '{"isDone": true}', 'fulfil_pending_reward: no credit → no attempt');
select pg_temp.credit(24.99);
select is(pg_temp.fulfil(), '{"isDone": true}', '… nor with too little of it');
select pg_temp.credit(0.01);
update public.pending_rewards set last_attempt_at = now() where campaign_id = tests.the('campaign');
select is(pg_temp.fulfil(), '{"isDone": true}', 'fulfil_pending_reward: a reward that was tried this second → not retried at once');
select pg_temp.wait_till_tomorrow();
select isnt(pg_temp.fulfil() ->> 'giftCardId', null, 'fulfil_pending_reward: enough credit → fulfilled before the next scheduled retry');

select tests.keep('second', tests.create_recipients(tests.the('campaign')));
select tests.provision(tests.the('second'));
select pg_temp.wait_till_tomorrow();
select is(pg_temp.fulfil(), '{"isDone": true}', 'fulfil_pending_reward: another reward waits for credit');
update public.clients set prepaid_since = null where id = tests.the('client');
select isnt(pg_temp.fulfil() ->> 'giftCardId', null, 'fulfil_pending_reward: a billing entity on invoice → needs no credit');

update public.gift_cards set status = 'expired', expired_at = now() where status = 'available' and pool_id = tests.the('pool');
select tests.keep('third', tests.create_recipients(tests.the('campaign')));
select is(tests.provision(tests.the('third')) ->> 'code', 'GC-003', 'fulfil_pending_reward: the stock is empty');
update public.campaigns set status = 'paused' where id = tests.the('campaign');
select tests.add_cards(tests.the('pool'), 1);
select is(pg_temp.fulfil(), '{"isDone": true}', 'fulfil_pending_reward: a paused campaign → no attempt');
update public.campaigns set status = 'active' where id = tests.the('campaign');
select pg_temp.wait_till_tomorrow();
select isnt(pg_temp.fulfil() ->> 'giftCardId', null, 'fulfil_pending_reward: new stock wakes pending rewards');

-- a supplier's final word
select tests.keep('supplier', tests.create_supplier(tests.the('brand')));
create function pg_temp.suppliers() returns text[] language sql as $$ select array[tests.kept('supplier') #>> '{}'] $$;
select tests.keep('fourth', tests.create_recipients(tests.the('campaign')));
select tests.keep('answer', tests.provision(tests.the('fourth'), suppliers => pg_temp.suppliers()));
select is(tests.complete_supplier_purchase(tests.kept('answer') #> '{result,purchase}', 'declined') ->> 'code', 'GC-005',
  'fulfil_pending_reward: the supplier declines');
select is(pg_temp.fulfil(pg_temp.suppliers()), '{"isDone": true}', '… and is not retried in the same moment');
update public.pending_rewards set attempts = 20, next_attempt_at = now() where recipient_id = tests.the('fourth');
select is(tests.complete_supplier_purchase(pg_temp.fulfil(pg_temp.suppliers()) -> 'purchase', 'declined') ->> 'code', 'GC-005', '… for the 21st time');
select is((select next_attempt_at - now() from public.pending_rewards where recipient_id = tests.the('fourth')), interval '6 hours',
  '… and has peace for some hours');
update public.pending_rewards set next_attempt_at = now() where recipient_id = tests.the('fourth');
select is(tests.complete_supplier_purchase(pg_temp.fulfil(pg_temp.suppliers()) -> 'purchase', 'short') ->> 'code', 'GC-005',
  'fulfil_pending_reward: the platform''s float is short');
select is((select next_attempt_at - now() from public.pending_rewards where recipient_id = tests.the('fourth')), interval '10 minutes',
  '… and may be back in minutes');
update public.supplier_brands set brand_code = 'brand-mended' where brand_id = tests.the('brand');
select isnt(pg_temp.fulfil(pg_temp.suppliers()) ->> 'purchase', null, 'fulfil_pending_reward: a changed offer → the supplier is called at once');

-- an error of ours
select tests.keep('broken', tests.create_recipients(tests.the('campaign')));
select tests.keep('next', tests.create_recipients(tests.the('campaign')));
select tests.provision(tests.the('broken')), tests.provision(tests.the('next'));
update public.pending_rewards set created_at = now() - interval '1 hour' where recipient_id = tests.the('broken');
alter table public.gift_card_grants add constraint nobody_reckoned_with_this check (recipient_id <> tests.the('broken')) not valid;
select tests.add_cards(tests.the('pool'), 2);
select is(pg_temp.fulfil() ->> 'code', 'GC-015', 'fulfil_pending_reward: a reward that fails with an error …');
select row_eq($$ select metadata ->> 'sqlstate', severity from public.system_alerts
  where alert_type = 'pending_reward_failed' and resolved_at is null $$, row('23514'::text, 'critical'::text), '… is reported');
select tests.keep('done', pg_temp.fulfil());
select is((select recipient_id from public.gift_cards where id = (tests.kept('done') ->> 'giftCardId')::uuid), tests.the('next'),
  '… and holds up no other one');
alter table public.gift_card_grants drop constraint nobody_reckoned_with_this;
update public.pending_rewards set next_attempt_at = now() where recipient_id = tests.the('broken');
select tests.keep('done', pg_temp.fulfil());
select is_empty($$ select from public.system_alerts where alert_type = 'pending_reward_failed' and resolved_at is null $$,
  '… once fulfilled, its alert is resolved');

select * from finish();
rollback;
