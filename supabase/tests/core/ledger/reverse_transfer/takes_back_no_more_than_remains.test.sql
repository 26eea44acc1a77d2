begin;
set local search_path = public, extensions, tests;
select plan(17);

select tests.keep('client', tests.create_client());
select tests.keep('owner', tests.create_user('customer', tests.the('client')));
select tests.keep('ada', private.ledger_account(tests.the('client'), 'user', tests.the('owner'), 'bizcoin'));
select tests.keep('issuance', private.system_account(tests.the('client'), 'issuance', 'bizcoin'));
select tests.keep('revenue', private.system_account(tests.the('client'), 'revenue', 'bizcoin'));
create function pg_temp.give(amount numeric, expires_at timestamptz default null, account text default 'ada')
returns uuid language sql as $$
  select (private.post_transfer(tests.the('client'), 'topup', tests.the('issuance'), tests.the(account), amount,
    gen_random_uuid()::text, expires_at => expires_at)).id
$$;
create function pg_temp.spend(amount numeric) returns uuid language sql as $$
  select (private.post_transfer(tests.the('client'), 'purchase', tests.the('ada'), tests.the('revenue'), amount,
    gen_random_uuid()::text)).id
$$;
create function pg_temp.has() returns text language sql as $$
  select concat_ws('/', trim_scale(balance), trim_scale(held), trim_scale(available)) from public.wallet_balances
  where id = tests.the('ada')
$$;

create function pg_temp.reverse(name text, amount numeric, key text default gen_random_uuid()::text)
returns uuid language sql as $$
  select (private.reverse_transfer(tests.the(name), amount, key)).id
$$;

-- a payment, given back in parts
select pg_temp.give(100);
select tests.keep('payment', pg_temp.spend(50));
select tests.keep('part', pg_temp.reverse('payment', 20, 'part'));
select is(pg_temp.has(), '70/0/70', 'A part comes back');
select is(pg_temp.reverse('payment', 20, 'part'), tests.the('part'), 'The same again gives the same reversal');
select is(pg_temp.has(), '70/0/70', 'And takes nothing back');
select throws_ok($$ select pg_temp.reverse('payment', 21, 'part') $$, 'RB409', null,
  'Another amount with the key is refused');
select throws_ok($$ select pg_temp.reverse('payment', 31) $$, 'WL002', null, 'More than remains is refused');
select lives_ok($$ select pg_temp.reverse('payment', null) $$, 'Without an amount the rest comes back');
select is(pg_temp.has(), '100/0/100', 'So that everything is as it was');
select throws_ok($$ select pg_temp.reverse('payment', null) $$, 'WL002', null, 'There is no more to take back');
select throws_ok($$ select pg_temp.reverse('part', 1) $$, 'WL002', null, 'A reversal is not reversed');
select throws_ok($$ select pg_temp.reverse('client', 1) $$, 'RB404', null, 'What was not posted is not found');
select tests.keep('again', pg_temp.spend(1));
select throws_like($$ select pg_temp.reverse('again', -1) $$, '%must be positive%', 'Nobody pays twice by a reversal below zero');

-- a gift, taken back as far as it is unspent
select tests.keep('gift', pg_temp.give(10, now() + interval '1 day'));
select pg_temp.spend(4);
select throws_ok($$ select pg_temp.reverse('gift', 7) $$, 'WL002', null,
  'What was spent of a gift is not taken back, although there is other balance');
select private.reserve_hold(tests.the('ada'), 1, now() + interval '1 hour', 'hold');
select throws_ok($$ select pg_temp.reverse('gift', 6) $$, 'WL002', null, 'Nor what is held of it');
select tests.keep('taken back', pg_temp.reverse('gift', null));
select is((select amount from public.ledger_entries where transfer_id = tests.the('taken back')
  and account_id = tests.the('ada')), -5.00, 'Without an amount what is unspent is taken back');

-- of more than two sides
select tests.keep('shared', (select id from private.post_transfers(jsonb_build_array(jsonb_build_object(
  'client_id', tests.the('client'), 'idempotency_key', 'shared', 'transfer_type', 'test', 'entries', jsonb_build_array(
    jsonb_build_object('account_id', tests.the('ada'), 'amount', -9),
    jsonb_build_object('account_id', tests.the('revenue'), 'amount', 6),
    jsonb_build_object('account_id', tests.the('issuance'), 'amount', 3)))))));
select throws_like($$ select pg_temp.reverse('shared', 5) $$, '%as a whole%',
  'A transfer of three sides is not reversed in parts');
select lives_ok($$ select pg_temp.reverse('shared', null) $$, 'But as a whole');
select is_empty('select * from private.ledger_imbalances', 'And it all adds up');

select * from finish();
rollback;
