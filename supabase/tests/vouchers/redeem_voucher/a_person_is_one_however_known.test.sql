begin;
set local search_path = public, extensions, tests;
select plan(20);

select is(private.normalised_email(' Ada.Archer+news@GoogleMail.com'), 'adaarcher@gmail.com', 'normalised_email: Gmail → without dots and tags, one domain');
select is(private.normalised_email('Ada.Archer+news@Example.com'), 'ada.archer@example.com', '… of other providers dots count');
select is(private.identity_of('+1 (202) 555-0100'), 'phone:+12025550100', 'redeem_voucher: a phone number → its digits');
select is(private.identity_of('12025550100'), private.identity_of('+1 202 555 0100'), '… with or without +');
select is(private.identity_of('ADA@example.com'), 'email:ada@example.com', 'redeem_voucher: an address → a mailbox');
select is(private.identity_of('0B6C5C7E-6F0E-4C38-9F4E-0C6A2A1F6F10'), 'user:0b6c5c7e-6f0e-4c38-9f4e-0c6a2a1f6f10',
  'redeem_voucher: an id → an account');
select is(private.identity_of('somebody'), null, 'redeem_voucher: anything else → null');

select tests.keep('client', tests.create_client());
select tests.keep('voucher', tests.create_voucher(tests.the('client')));
select tests.keep('ada', tests.create_customer(tests.the('client'), 'ada.archer@gmail.com', '12025550142'));
select is(tests.redeem_voucher(tests.the('ada'), tests.the('voucher')) ->> 'outcome', 'ok', 'redeem_voucher: a customer redeems a voucher');
select is(tests.redeem_voucher(tests.create_customer(tests.the('client'), 'AdaArcher+2@googlemail.com'), tests.the('voucher'))
  ->> 'code', 'VC-007', 'redeem_voucher: another account with the same mailbox → VC-007');
select is(tests.redeem_voucher(tests.create_customer(tests.the('client'), 'eve@example.com', '+12025550142'),
  tests.the('voucher')) ->> 'code', 'VC-007', 'redeem_voucher: another account with the same phone → VC-007');
select is(tests.redeem_voucher(tests.create_customer(tests.the('client'), 'ada.archer@example.com'), tests.the('voucher'))
  ->> 'outcome', 'ok', 'redeem_voucher: another person → ok');
update auth.users set email = 'new@example.com', phone = null where id = tests.the('ada');
select is(tests.redeem_voucher(tests.the('ada'), tests.the('voucher')) ->> 'code', 'VC-007',
  'redeem_voucher: the same account with new contacts → VC-007');
select is(tests.redeem_voucher(tests.create_customer(tests.the('client'), 'a.daarcher@gmail.com'), tests.the('voucher'))
  ->> 'code', 'VC-007', '… or with old ones');
select is(tests.redeem_voucher(tests.create_customer(tests.the('client'), 'ad.aarcher@gmail.com'),
  tests.create_voucher(tests.the('client'))) ->> 'outcome', 'ok', 'redeem_voucher: another voucher → ok');
-- A profile with another person's addresses, unconfirmed.
select tests.keep('eve', tests.create_customer(tests.the('client'), 'bob@example.com', '12025550177'));
update auth.users set email_confirmed_at = null, phone_confirmed_at = null where id = tests.the('eve');
select is(tests.redeem_voucher(tests.the('eve'), tests.the('voucher')) ->> 'outcome', 'ok', 'redeem_voucher: an account without a confirmed contact → ok');
select is(tests.redeem_voucher(tests.create_customer(tests.the('client'), 'bob+1@example.com', '+12025550177'),
  tests.the('voucher')) ->> 'outcome', 'ok', 'redeem_voucher: another account with that phone confirmed → ok');
select is((select cardinality(identities) from public.voucher_usage where user_id = tests.the('eve')), 1,
  'voucher_usage: unconfirmed contacts are no identities');
select is((select cardinality(identities) from public.voucher_usage where user_id = tests.the('ada')), 3,
  'redeem_voucher: a redemption stores how the person was identified');
select is_empty($$ select from public.voucher_usage u, unnest(u.identities) i where i !~ '^[0-9a-f]{64}$' $$,
  '… as fingerprints');
select is_empty('select * from private.invariant_violations', 'invariants: none is violated');

select * from finish();
rollback;
