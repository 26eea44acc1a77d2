begin;
set local search_path = public, extensions, tests;
select no_plan();

select tests.keep('client', tests.create_client());
select tests.keep('admin', tests.create_user('client_admin', tests.the('client')));
select tests.keep('customer', tests.create_customer(tests.the('client')));
select tests.keep('owner', tests.create_customer(tests.the('client')));
create function pg_temp.roll_back(redemption uuid, key text default null) returns text language plpgsql as $$
declare
  answer jsonb;
begin
  perform tests.sign_in(tests.the('admin'));
  begin
    answer := public.rollback_voucher_redemption(redemption, 'fraud', key);
  exception when others then
    answer := jsonb_build_object('takenBack', sqlstate);
  end;
  perform tests.sign_out();
  return concat_ws(' ', answer ->> 'takenBack', 'of which ' || nullif((answer ->> 'ownerTakenBack')::numeric, 0) || ' of the owner',
    case when (answer ->> 'isComplete')::boolean then 'complete' end);
end $$;
create function pg_temp.redeem(voucher uuid) returns uuid language sql as $$
  select (tests.redeem_voucher(tests.the('customer'), voucher) #>> '{result,redemptionId}')::uuid
$$;
create function pg_temp.hold(owner uuid, amount numeric) returns uuid language sql as $$
  select (private.reserve_hold(private.ledger_account(tests.the('client'), 'user', owner, 'bizcoin'), amount,
    now() + interval '1 hour', gen_random_uuid()::text)).id
$$;
create function pg_temp.counted(usage uuid) returns text language sql as $$
  select format('%s %s/%s', u.status, v.usage_count, max(i.redemptions))
  from public.voucher_usage u join public.vouchers v on v.id = u.voucher_id
  join private.voucher_identities i on i.voucher_id = v.id where u.id = usage group by u.id, v.id
$$;
create function pg_temp.bizcoins() returns numeric language sql as $$
  select balance from public.wallet_balances where user_id = tests.the('customer') and asset = 'bizcoin'
$$;

-- the case that gave 80 for a voucher of 50
select tests.keep('voucher', tests.create_voucher(tests.the('client'), '{"value": 50, "usage_limit": 1}'));
select tests.keep('usage', pg_temp.redeem(tests.the('voucher')));
select tests.keep('hold', pg_temp.hold(tests.the('customer'), 30));
select is(pg_temp.roll_back(tests.the('usage'), 'first'), '20.00', 'rollback_voucher_redemption: 30 of 50 held → 20 revoked, not complete');
select is(pg_temp.counted(tests.the('usage')), 'redeemed 1/1', 'rollback_voucher_redemption: in part → the use stays counted, for voucher and person');
select is(tests.redeem_voucher(tests.the('customer'), tests.the('voucher')) ->> 'code', 'VC-007', 'redeem_voucher: after a partial rollback → VC-007');
select is(tests.redeem_voucher(tests.the('owner'), tests.the('voucher')) ->> 'code', 'VC-006', 'redeem_voucher: by another customer → VC-006');
select is(pg_temp.bizcoins(), 30.00, 'rollback_voucher_redemption: the wallet has what is held, and no more');
select is(pg_temp.roll_back(tests.the('usage')), 'VC016', 'rollback_voucher_redemption: again, nothing free since → VC-016');
select private.release_hold(tests.the('hold'));
select is(pg_temp.roll_back(tests.the('usage'), 'first'), '20.00', 'rollback_voucher_redemption: the same idempotency key → the stored answer');
select is(pg_temp.bizcoins(), 30.00, 'rollback_voucher_redemption: the same idempotency key → takes nothing');
select is(pg_temp.roll_back(tests.the('usage'), 'second'), '30.00 complete', 'rollback_voucher_redemption: the rest is free → taken, complete');
select is(pg_temp.counted(tests.the('usage')), 'rolled_back 0/0', 'rollback_voucher_redemption: complete → the use is returned');
select is(pg_temp.roll_back(tests.the('usage')), 'VC015', 'rollback_voucher_redemption: complete, again → VC-015');
select is(tests.redeem_voucher(tests.the('customer'), tests.the('voucher')) ->> 'outcome', 'ok', 'redeem_voucher: after a complete rollback → ok');
select is(pg_temp.bizcoins(), 50.00, '… its 50, once');
select is((select array_agg((metadata ->> 'taken_back')::numeric order by id) from public.audit_events
  where action = 'voucher.rolled_back' and metadata ->> 'redemption_id' = tests.the('usage')::text), '{20,30}',
    'rollback_voucher_redemption: each part is audited');

-- what the owner has spent keeps the use counted, and comes back later
select tests.keep('referral', tests.create_voucher(tests.the('client'),
  jsonb_build_object('value', 100000, 'owner_id', tests.the('owner'), 'owner_benefit', 5000)));
select tests.keep('referred', pg_temp.redeem(tests.the('referral')));
select tests.keep('owners', pg_temp.hold(tests.the('owner'), 4000));
select is(pg_temp.roll_back(tests.the('referred')), '100000.00 of which 1000.00 of the owner',
  'rollback_voucher_redemption: the owner''s benefit is held → not complete');
select is(pg_temp.counted(tests.the('referred')), 'redeemed 1/1', 'rollback_voucher_redemption: the owner keeps a part → the use stays counted');
select private.release_hold(tests.the('owners'));
select is(pg_temp.roll_back(tests.the('referred')), '0 of which 4000.00 of the owner complete', 'rollback_voucher_redemption: the owner''s rest → complete');

-- messages
select tests.activate(tests.the('client'), tests.the('customer'), messages => 100);
select tests.keep('texts', tests.create_voucher(tests.the('client'), '{"type": "message", "value": 2000}'));
select tests.keep('sent', pg_temp.redeem(tests.the('texts')));
select tests.use_messages(tests.the('client'), tests.the('customer'), 150);
select is(pg_temp.roll_back(tests.the('sent')), '1950.00', 'rollback_voucher_redemption: 50 of 2,000 messages used → 1,950 revoked, not complete');
select is(tests.redeem_voucher(tests.the('customer'), tests.the('texts')) ->> 'code', 'VC-007', 'redeem_voucher: messages revoked in part → VC-007');
select is(pg_temp.roll_back(tests.the('sent')), 'VC016', 'rollback_voucher_redemption: used messages → never come back, VC-016');

-- a package
select tests.keep('package', tests.create_voucher(tests.the('client'), jsonb_build_object('type', 'package', 'package_id',
  tests.create_package(tests.the('client'), messages => 1000)) || '{"per_customer_limit": 2}'));
select tests.keep('whole', pg_temp.redeem(tests.the('package')));
select is(pg_temp.roll_back(tests.the('whole')), '1 complete', 'rollback_voucher_redemption: a package without a used message → complete');
select tests.keep('used', pg_temp.redeem(tests.the('package')));
select tests.use_messages(tests.the('client'), tests.the('customer'), 400);
select tests.sign_in(tests.the('admin'));
select is(public.rollback_voucher_redemption(tests.the('used'), 'fraud') - 'redemptionId', '{"type": "package", "benefit": 1.00, "takenBack": 1, "remaining": 0.00,
  "ownerBenefit": null, "ownerTakenBack": 0, "messagesKept": 400, "isComplete": false}',
    'rollback_voucher_redemption: a package whose messages were used → revoked, not complete');
select tests.sign_out();
select is(pg_temp.counted(tests.the('used')), 'redeemed 1/1', 'rollback_voucher_redemption: its use stays counted');
select is(pg_temp.roll_back(tests.the('used')), 'VC016', 'rollback_voucher_redemption: again → VC-016');

-- the table does not take another story
select throws_like(format('update public.voucher_usage set status = %L, rolled_back_at = now() where id = %L', 'rolled_back', tests.the('sent')),
  '%voucher_usage_is_rolled_back_when_all_came_back%', 'voucher_usage: rolled back in part only → cannot be written as rolled back');
select is_empty('select * from private.ledger_imbalances', 'invariants: the ledger balances');
select is_empty('select * from private.invariant_violations', 'invariants: none is violated');

select * from finish();
rollback;
