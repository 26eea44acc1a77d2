begin;
set local search_path = public, extensions, tests;
select plan(32);

select tests.keep('client', tests.create_client());
select tests.keep('customer', tests.create_customer(tests.the('client')));

-- bizcoins
select tests.keep('credit', tests.create_voucher(tests.the('client'), '{"code": "WELC-OME2", "usage_limit": 10}'));
select tests.keep('answer', tests.redeem_voucher(tests.the('customer'), code => ' welc ome2',
  idempotency_key => 'key', request_hash => 'hash'));
select is(tests.kept('answer') ->> 'outcome', 'ok', 'redeem_voucher: the code is accepted in any case and spacing');
select is(tests.kept('answer') #> '{result,benefit}', '{"type": "credit", "value": 50.00}', '… what it brought');
select is(tests.kept('answer') #> '{result,balance}', '{"bizcoins": 50, "messages": 0}', '… and the new balance');
select row_eq($$ select user_id, redemption_type, benefit, status, used_at from public.voucher_usage
  where voucher_id = tests.the('credit') $$, row(tests.the('customer'), 'credit'::text, 50.00, 'redeemed'::text, now()),
  'redeem_voucher: the redemption is recorded');
select row_eq($$ select b.amount, b.transaction_type, b.balance_after from public.bizpoints_transactions b
  join public.voucher_usage u on u.transfer_id = b.transfer_id where u.voucher_id = tests.the('credit') $$,
  row(50.00, 'voucher'::text, 50.00), '… with its transfer, which is in the customer''s transactions');
select is((select usage_count from public.vouchers where id = tests.the('credit')), 1, '… the voucher''s uses are counted');
select row_eq($$ select d.notice, d.channel, d.deliver_to, d.merge - 'messages' from public.deliveries d
  where d.id = (tests.kept('answer') #>> '{result,deliveryId}')::uuid $$,
  row('voucher_redeemed'::text, 'email'::text, tests.the('customer') || '@example.com',
    '{"benefit": "50 bizcoins", "bizcoins": 50}'::jsonb), '… the customer gets an e-mail');
select row_eq($$ select actor_id, subject_id from public.audit_events where action = 'voucher.redeemed'
  and client_id = tests.the('client') $$, row(tests.the('customer'), tests.the('credit')), '… audited');
select row_eq($$ select surface, user_id, outcome, error_code from public.voucher_redemption_attempts
  where client_id = tests.the('client') $$, row('redeem-voucher'::text, tests.the('customer'), 'succeeded'::text, null::text),
  '… and recorded as an attempt');

-- again
select is(tests.redeem_voucher(tests.the('customer'), code => 'WELCOME2', idempotency_key => 'key', request_hash => 'hash'),
  jsonb_set(tests.kept('answer'), '{replayed}', 'true'), 'redeem_voucher: the same key → the same answer');
select is(tests.redeem_voucher(tests.the('customer'), code => 'WELCOME2', idempotency_key => 'key', request_hash => 'other')
  ->> 'code', 'RB-409', 'redeem_voucher: the same key with another request → RB-409');
select is(tests.redeem_voucher(tests.the('customer'), tests.the('credit')) - 'message',
  '{"outcome": "refused", "code": "VC-007", "details": {}}', 'redeem_voucher: twice by one customer → VC-007');
select tests.keep('twice', tests.create_voucher(tests.the('client'), '{"per_customer_limit": 2}'));
select results_eq($$ select tests.redeem_voucher(tests.the('customer'), tests.the('twice')) ->> 'code'
  from generate_series(1, 3) $$, $$ values (null), (null), ('VC-007') $$, '… unless the limit for each person is higher');

-- a discount
select tests.keep('percentage', tests.create_voucher(tests.the('client'),
  '{"type": "percentage", "value": 20, "minimum_purchase": 30, "entitlement_days": 10}'));
select tests.keep('answer', tests.redeem_voucher(tests.the('customer'), tests.the('percentage')));
select row_eq($$ select user_id, voucher_id, percentage, minimum_purchase, status, expires_at
  from public.voucher_entitlements where id = (tests.kept('answer') #>> '{result,benefit,entitlementId}')::uuid $$,
  row(tests.the('customer'), tests.the('percentage'), 20.00::numeric(5,2), 30.00, 'available'::text,
    private.end_of_day((now() at time zone 'UTC')::date + 10, 'UTC')), 'redeem_voucher: a percentage → a discount of the customer');
select is(tests.kept('answer') #>> '{result,transferId}', null, '… no transfer yet');

-- messages
select tests.keep('message', tests.create_voucher(tests.the('client'), '{"type": "message", "value": 30}'));
select is(tests.redeem_voucher(tests.the('customer'), tests.the('message')) - 'message',
  '{"outcome": "refused", "code": "VC-012", "details": {}}', 'redeem_voucher: messages without an active package → VC-012');
select tests.keep('mine', tests.activate(tests.the('client'), tests.the('customer'), messages => 100));
select tests.keep('answer', tests.redeem_voucher(tests.the('customer'), tests.the('message')));
select is(tests.kept('answer') #>> '{result,benefit,customerPackage,id}', tests.the('mine')::text, '… with one → added to it');
select is((select messages_limit from public.customer_packages where id = tests.the('mine')), 130::bigint,
  '… which then has so many more');
select is(tests.kept('answer') #>> '{result,balance,messages}', '130', '… the new balance says so');
select isnt((select transfer_id from public.voucher_usage where voucher_id = tests.the('message')), null,
  '… the redemption has its transfer');

-- a package
select tests.keep('offer', tests.create_package(tests.the('client'), messages => 500));
select tests.keep('package', tests.create_voucher(tests.the('client'),
  jsonb_build_object('type', 'package', 'package_id', tests.the('offer'))));
select tests.keep('answer', tests.redeem_voucher(tests.the('customer'), tests.the('package')));
select row_eq($$ select package_id, voucher_id, status, messages_limit, starts_at, expires_at from public.customer_packages
  where id = (tests.kept('answer') #>> '{result,benefit,customerPackage,id}')::uuid $$,
  row(tests.the('offer'), tests.the('package'), 'active'::text, 500::bigint, now(), now() + interval '30 days'),
  'redeem_voucher: a package → active at once, with its dates and its voucher');
select is((select customer_package_id::text from public.voucher_usage where voucher_id = tests.the('package')),
  tests.kept('answer') #>> '{result,benefit,customerPackage,id}', '… the redemption has it');

-- a referral
select tests.keep('owner', tests.create_customer(tests.the('client')));
select tests.keep('referral', tests.create_voucher(tests.the('client'),
  jsonb_build_object('owner_id', tests.the('owner'), 'owner_benefit', 5)));
select tests.keep('answer', tests.redeem_voucher(tests.the('customer'), tests.the('referral')));
select is(tests.kept('answer') #>> '{result,balance,bizcoins}', '200', 'redeem_voucher: a referral → the benefit for the redeemer');
select row_eq($$ select b.user_id, b.amount, b.transaction_type from public.bizpoints_transactions b
  join public.voucher_usage u on u.owner_transfer_id = b.transfer_id where u.voucher_id = tests.the('referral') $$,
  row(tests.the('owner'), 5.00, 'referral'::text), '… and for the owner');
select row_eq($$ select d.channel, d.deliver_to, d.merge from public.deliveries d join public.voucher_usage u on u.id = d.subject_id
  where d.notice = 'referral_rewarded' and u.voucher_id = tests.the('referral') $$, row('email'::text,
    tests.the('owner') || '@example.com', '{"benefit": 5, "bizcoins": 5, "messages": 0}'::jsonb), '… the owner gets a message without the redeemer''s name');
select tests.keep('another', tests.create_customer(tests.the('client')));
select tests.redeem_voucher(tests.the('another'), tests.the('referral'));
select is((select available from public.wallet_balances where user_id = tests.the('owner')), 10.00,
  '… once for each redemption');

-- its description
select tests.keep('described', tests.create_voucher(tests.the('client')));
update public.vouchers set description = 'Spring' where id = tests.the('described');
select tests.redeem_voucher(tests.the('customer'), tests.the('described'));
select is((select b.description || ' ' || u.notes from public.bizpoints_transactions b
  join public.voucher_usage u on u.transfer_id = b.transfer_id where u.voucher_id = tests.the('described')), 'Spring Spring',
  'redeem_voucher: both histories have the voucher''s description');

-- without an address
update auth.users set email = null where id = tests.the('another');
select is(tests.redeem_voucher(tests.the('another'), tests.the('credit')) #> '{result,deliveryId}', 'null',
  'redeem_voucher: no confirmed address → no message');

-- a code that two clients have
select tests.keep('elsewhere', tests.create_client());
insert into public.memberships (user_id, role, client_id) values (tests.the('customer'), 'customer', tests.the('elsewhere'));
select tests.keep('namesake', tests.create_voucher(tests.the('elsewhere'), '{"code": "WELCOME2"}'));
select is((tests.redeem_voucher(tests.the('customer'), code => 'WELCOME2') #> '{details,clientIds}')
  @> to_jsonb(array[tests.the('client'), tests.the('elsewhere')]), true,
  'redeem_voucher: a code of two of the customer''s clients → names both');
select is(tests.redeem_voucher(tests.the('customer'), code => 'WELCOME2') ->> 'code', 'VC-002', '… not redeemed');
select is(tests.redeem_voucher(tests.the('customer'), code => 'WELCOME2', client_id => tests.the('elsewhere'))
  #>> '{result,voucherId}', tests.the('namesake')::text, '… with clientId → that client''s');
select is_empty('select * from private.invariant_violations', 'invariants: none is violated');

select * from finish();
rollback;
