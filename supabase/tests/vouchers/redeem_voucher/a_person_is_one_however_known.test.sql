begin;
set local search_path = public, extensions, tests;
select plan(20);

select is(private.normalised_email(' Ada.Archer+news@GoogleMail.com'), 'adaarcher@gmail.com', 'Gmail: dots, tags, both domains');
select is(private.normalised_email('Ada.Archer+news@Example.com'), 'ada.archer@example.com', 'elsewhere dots count');
select is(private.identity_of('+1 (202) 555-0100'), 'phone:+12025550100', 'A phone number is its digits');
select is(private.identity_of('12025550100'), private.identity_of('+1 202 555 0100'), 'with or without its plus');
select is(private.identity_of('ADA@example.com'), 'email:ada@example.com', 'An address is a mailbox');
select is(private.identity_of('0B6C5C7E-6F0E-4C38-9F4E-0C6A2A1F6F10'), 'user:0b6c5c7e-6f0e-4c38-9f4e-0c6a2a1f6f10',
  'An id is an account');
select is(private.identity_of('somebody'), null, 'Anything else is nobody');

select tests.keep('client', tests.create_client());
select tests.keep('voucher', tests.create_voucher(tests.the('client')));
select tests.keep('ada', tests.create_customer(tests.the('client'), 'ada.archer@gmail.com', '12025550142'));
select is(tests.redeem_voucher(tests.the('ada'), tests.the('voucher')) ->> 'outcome', 'ok', 'Somebody redeems a voucher');
select is(tests.redeem_voucher(tests.create_customer(tests.the('client'), 'AdaArcher+2@googlemail.com'), tests.the('voucher'))
  ->> 'code', 'VC-007', 'VC-007: another account with the same mailbox is the same person');
select is(tests.redeem_voucher(tests.create_customer(tests.the('client'), 'eve@example.com', '+12025550142'),
  tests.the('voucher')) ->> 'code', 'VC-007', 'VC-007: and so is one with the same phone');
select is(tests.redeem_voucher(tests.create_customer(tests.the('client'), 'ada.archer@example.com'), tests.the('voucher'))
  ->> 'outcome', 'ok', 'Somebody else is somebody else');
update auth.users set email = 'new@example.com', phone = null where id = tests.the('ada');
select is(tests.redeem_voucher(tests.the('ada'), tests.the('voucher')) ->> 'code', 'VC-007',
  'VC-007: new contacts do not make a new person');
select is(tests.redeem_voucher(tests.create_customer(tests.the('client'), 'a.daarcher@gmail.com'), tests.the('voucher'))
  ->> 'code', 'VC-007', 'VC-007: nor do old ones');
select is(tests.redeem_voucher(tests.create_customer(tests.the('client'), 'ad.aarcher@gmail.com'),
  tests.create_voucher(tests.the('client'))) ->> 'outcome', 'ok', 'Another voucher is another matter');
-- A profile with another person's addresses, unconfirmed.
select tests.keep('eve', tests.create_customer(tests.the('client'), 'bob@example.com', '12025550177'));
update auth.users set email_confirmed_at = null, phone_confirmed_at = null where id = tests.the('eve');
select is(tests.redeem_voucher(tests.the('eve'), tests.the('voucher')) ->> 'outcome', 'ok', 'An account without a confirmed contact redeems');
select is(tests.redeem_voucher(tests.create_customer(tests.the('client'), 'bob+1@example.com', '+12025550177'),
  tests.the('voucher')) ->> 'outcome', 'ok', 'redeem_voucher: another account with that phone confirmed → ok');
select is((select cardinality(identities) from public.voucher_usage where user_id = tests.the('eve')), 1,
  'voucher_usage: unconfirmed contacts are no identities');
select is((select cardinality(identities) from public.voucher_usage where user_id = tests.the('ada')), 3,
  'A redemption keeps how the person was known');
select is_empty($$ select from public.voucher_usage u, unnest(u.identities) i where i !~ '^[0-9a-f]{64}$' $$,
  'as fingerprints');
select is_empty('select * from private.invariant_violations', 'No invariant is violated');

select * from finish();
rollback;
