begin;
set local search_path = public, extensions, tests;
select plan(36);

select tests.keep('client', tests.create_client());
select tests.keep('admin', tests.create_user('client_admin', tests.the('client')));
select tests.keep('customer', tests.create_customer(tests.the('client')));
select tests.keep('owner', tests.create_customer(tests.the('client')));
create function pg_temp.redeem(terms text) returns uuid language sql as $$
  select (tests.redeem_voucher(tests.the('customer'), tests.create_voucher(tests.the('client'), terms::jsonb))
    #>> '{result,redemptionId}')::uuid
$$;
create function pg_temp.roll_back(redemption uuid, reason text default 'fraud') returns jsonb language plpgsql as $$
declare
  answer jsonb;
begin
  perform tests.sign_in(tests.the('admin'));
  answer := public.rollback_voucher_redemption(redemption, reason);
  perform tests.sign_out();
  return answer;
end $$;
create function pg_temp.spend(amount numeric) returns text language sql as $$
  select (private.post_transfer(tests.the('client'), 'test', private.ledger_account(tests.the('client'), 'user', tests.the('customer'),
    'bizcoin'), private.system_account(tests.the('client'), 'revenue', 'bizcoin'), amount, gen_random_uuid()::text)).id::text
$$;

-- all of it, of both
select tests.keep('whole', pg_temp.redeem(format('{"value": 50, "owner_id": "%s", "owner_benefit": 5}', tests.the('owner'))));
select is(pg_temp.roll_back(tests.the('whole')) - 'redemptionId', '{"type": "credit", "benefit": 50.00, "takenBack": 50.00,
  "remaining": 0.00, "ownerBenefit": 5.00, "ownerTakenBack": 5.00, "messagesKept": 0, "isComplete": true}',
    'rollback_voucher_redemption: unspent value → revoked from redeemer and owner');
select is((select sum(available) from public.wallet_balances where client_id = tests.the('client')), 0.00, '… neither has it any more');
select row_eq($$ select status, rolled_back_benefit, rolled_back_owner_benefit, rolled_back_at from public.voucher_usage
  where id = tests.the('whole') $$, row('rolled_back'::text, 50.00, 5.00, now()), '… the history says so');
select is((select v.usage_count from public.vouchers v join public.voucher_usage u on u.voucher_id = v.id
  where u.id = tests.the('whole')), 0, '… the use is returned');
select row_eq($$ select actor_id, reason, metadata - 'redemption_id' from public.audit_events where action = 'voucher.rolled_back'
  and client_id = tests.the('client') $$,
  row(tests.the('admin'), 'fraud'::text, '{"of": 50.00, "taken_back": 50.00}'::jsonb), '… audited with its reason');
select throws_ok($$ select pg_temp.roll_back(tests.the('whole')) $$, 'VC015', null, 'rollback_voucher_redemption: twice → VC-015');
select tests.sign_out();
select is(tests.redeem_voucher(tests.the('customer'), (select voucher_id from public.voucher_usage where id = tests.the('whole')))
  ->> 'outcome', 'ok', 'rollback_voucher_redemption: the person may redeem it again');
select pg_temp.spend(50);

-- a part of it
select tests.keep('part', pg_temp.redeem('{"value": 50}'));
select pg_temp.spend(30);
select is(pg_temp.roll_back(tests.the('part')) - array['redemptionId', 'ownerBenefit', 'type'],
  '{"benefit": 50.00, "takenBack": 20.00, "remaining": 30.00, "ownerTakenBack": 0, "messagesKept": 0, "isComplete": false}',
    'rollback_voucher_redemption: a part is spent → it stays, in remaining');
select is((select available from public.wallet_balances where user_id = tests.the('customer') and asset = 'bizcoin'), 0.00,
  'rollback_voucher_redemption: no balance goes below zero');
select is((select u.rolled_back_owner_benefit from public.voucher_usage u where u.id = tests.the('part')), null,
  'rollback_voucher_redemption: no owner → only the redeemer''s value is revoked');

-- set aside for a purchase
select tests.keep('held', pg_temp.redeem('{"value": 50}'));
select tests.keep('hold', (private.reserve_hold(private.ledger_account(tests.the('client'), 'user', tests.the('customer'), 'bizcoin'), 50,
  now() + interval '1 hour', 'a purchase')).id);
select throws_ok($$ select pg_temp.roll_back(tests.the('held')) $$, 'VC016', null, 'rollback_voucher_redemption: all is held → VC-016');
select tests.sign_out();
select private.release_hold(tests.the('hold'));
select private.reserve_hold(private.ledger_account(tests.the('client'), 'user', tests.the('customer'), 'bizcoin'), 20,
  now() + interval '1 hour', 'another purchase');
select is(pg_temp.roll_back(tests.the('held')) ->> 'takenBack', '30.00', 'rollback_voucher_redemption: a part is held → the rest is revoked');
select is(tests.bizcoins(tests.the('customer')), '20/20', '… the purchase keeps its hold');
select private.capture_hold(h.id, private.system_account(tests.the('client'), 'revenue', 'bizcoin')) from public.ledger_holds h
  where h.idempotency_key = 'another purchase' and h.client_id = tests.the('client');
select is(tests.bizcoins(tests.the('customer')), '0/0', '… and can be paid');

-- nothing of it
select tests.keep('spent', pg_temp.redeem('{"value": 50}'));
select pg_temp.spend(50);
select throws_ok($$ select pg_temp.roll_back(tests.the('spent')) $$, 'VC016', null, 'rollback_voucher_redemption: all is spent → VC-016');
select tests.sign_out();
select is((select status from public.voucher_usage where id = tests.the('spent')), 'redeemed', '… nothing is rolled back');
select is((select redemptions from private.voucher_identities i join public.voucher_usage u on u.voucher_id = i.voucher_id
  where u.id = tests.the('spent') limit 1), 1, '… no use is returned');

-- messages
select tests.keep('mine', tests.activate(tests.the('client'), tests.the('customer'), messages => 100));
select tests.keep('messages', pg_temp.redeem('{"type": "message", "value": 40}'));
select tests.use_messages(tests.the('client'), tests.the('customer'), 110);
select is((pg_temp.roll_back(tests.the('messages')) ->> 'takenBack')::numeric, 30.00, 'rollback_voucher_redemption: unused messages → revoked');
select row_eq($$ select messages_limit, messages_used from public.customer_packages where id = tests.the('mine') $$,
  row(110::bigint, 110::bigint), '… the package has fewer');

-- a package
select tests.keep('package', pg_temp.redeem(format('{"type": "package", "package_id": "%s"}',
  tests.create_package(tests.the('client'), messages => 10))));
select is(pg_temp.roll_back(tests.the('package')) - array['redemptionId', 'ownerBenefit', 'ownerTakenBack'],
  '{"type": "package", "benefit": 1.00, "takenBack": 1, "remaining": 0.00, "messagesKept": 0, "isComplete": true}',
    'rollback_voucher_redemption: a package → ended');
select is((select cp.status from public.customer_packages cp join public.voucher_usage u on u.customer_package_id = cp.id
  where u.id = tests.the('package')), 'cancelled', '… cancelled');
select is((select available from public.wallet_balances where user_id = tests.the('customer') and asset = 'messages'), 0.00,
  '… with its messages');
select tests.keep('over', pg_temp.redeem(format('{"type": "package", "package_id": "%s"}', tests.create_package(tests.the('client')))));
select private.cancel_package(u.customer_package_id, 'test') from public.voucher_usage u where u.id = tests.the('over');
select throws_ok($$ select pg_temp.roll_back(tests.the('over')) $$, 'VC016', null, 'rollback_voucher_redemption: an ended package → VC-016');
select tests.sign_out();

-- a discount
select tests.keep('discount', pg_temp.redeem('{"type": "percentage", "value": 20}'));
select is((pg_temp.roll_back(tests.the('discount')) ->> 'isComplete')::boolean, true, 'rollback_voucher_redemption: an unused discount → revoked');
select is((select status from public.voucher_entitlements where usage_id = tests.the('discount')), 'cancelled', '… cancelled');
select tests.keep('used', pg_temp.redeem('{"type": "percentage", "value": 20}'));
select private.reserve_entitlement(e.id, gen_random_uuid()) from public.voucher_entitlements e where e.usage_id = tests.the('used');
select throws_ok($$ select pg_temp.roll_back(tests.the('used')) $$, 'VC016', null, 'rollback_voucher_redemption: a discount reserved by a purchase → VC-016');
select tests.sign_out();

-- who
select throws_ok($$ select pg_temp.roll_back(tests.the('used'), ' ') $$, 'RB400', null, 'rollback_voucher_redemption: no reason → RB-400');
select tests.sign_out();
create function pg_temp.try(role text, client_id uuid default tests.the('client')) returns text language plpgsql as $$
begin
  perform tests.sign_in(tests.create_user(role, client_id));
  perform public.rollback_voucher_redemption(tests.the('used'), 'fraud');
  return 'ok';
exception when others then
  return sqlstate;
end $$;
select is(pg_temp.try('call_agent'), 'RB403', 'rollback_voucher_redemption: an agent → RB-403');
select is(pg_temp.try('dealer'), 'RB404', 'rollback_voucher_redemption: a dealer → RB-404');
select is(pg_temp.try('customer'), 'RB404', 'rollback_voucher_redemption: a customer → RB-404');
select is(pg_temp.try('client_admin', tests.create_client()), 'RB404', 'rollback_voucher_redemption: another tenant''s admin → RB-404');
select is(pg_temp.try('agency_admin'), 'VC016', 'rollback_voucher_redemption: an agency admin → ok');
select tests.sign_in(tests.the('admin'));
select throws_ok($$ select public.rollback_voucher_redemption(gen_random_uuid(), 'fraud') $$, 'RB404', null,
  'rollback_voucher_redemption: an unknown redemption → RB-404');
select tests.sign_out();
select is((select array_agg(status || ':' || n order by status) from (select status, count(*) as n from public.voucher_usage
  where client_id = tests.the('client') group by 1) u), '{redeemed:7,rolled_back:3}', '… the rest stays');
select is_empty('select * from private.ledger_imbalances', 'invariants: the ledger balances');
select is_empty('select * from private.invariant_violations', 'invariants: none is violated');

select * from finish();
rollback;
