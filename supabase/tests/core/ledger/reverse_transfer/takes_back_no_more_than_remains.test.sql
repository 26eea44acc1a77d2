begin;
set local search_path = public, extensions, tests;
select plan(17);

select tests.keep_ledger();

create function pg_temp.reverse(name text, amount numeric, key text default gen_random_uuid()::text)
returns uuid language sql as $$
  select (private.reverse_transfer(tests.the(name), amount, key)).id
$$;

-- a payment, given back in parts
select tests.give(100);
select tests.keep('payment', tests.spend(50));
select tests.keep('part', pg_temp.reverse('payment', 20, 'part'));
select is(tests.ada_has(), '70/0/70', 'A part comes back');
select is(pg_temp.reverse('payment', 20, 'part'), tests.the('part'), 'The same again gives the same reversal');
select is(tests.ada_has(), '70/0/70', 'And takes nothing back');
select throws_ok($$ select pg_temp.reverse('payment', 21, 'part') $$, 'RB409', null,
  'Another amount with the key is refused');
select throws_ok($$ select pg_temp.reverse('payment', 31) $$, 'WL002', null, 'More than remains is refused');
select lives_ok($$ select pg_temp.reverse('payment', null) $$, 'Without an amount the rest comes back');
select is(tests.ada_has(), '100/0/100', 'So that everything is as it was');
select throws_ok($$ select pg_temp.reverse('payment', null) $$, 'WL002', null, 'There is no more to take back');
select throws_ok($$ select pg_temp.reverse('part', 1) $$, 'WL002', null, 'A reversal is not reversed');
select throws_ok($$ select pg_temp.reverse('client', 1) $$, 'RB404', null, 'What was not posted is not found');
select tests.keep('again', tests.spend(1));
select throws_like($$ select pg_temp.reverse('again', -1) $$, '%must be positive%', 'Nobody pays twice by a reversal below zero');

-- a gift, taken back as far as it is unspent
select tests.keep('gift', tests.give(10, now() + interval '1 day'));
select tests.spend(4);
select throws_ok($$ select pg_temp.reverse('gift', 7) $$, 'WL002', null,
  'What was spent of a gift is not taken back, although there is other balance');
select private.reserve_hold(tests.the('ada'), 1, now() + interval '1 hour', 'hold');
select throws_ok($$ select pg_temp.reverse('gift', 6) $$, 'WL002', null, 'Nor what is held of it');
select tests.keep('taken back', pg_temp.reverse('gift', null));
select is((select amount from public.ledger_entries where transfer_id = tests.the('taken back')
  and account_id = tests.the('ada')), -5.00, 'Without an amount what is unspent is taken back');

-- of more than two sides
select tests.keep('shared', ((private.post_transfers(array[jsonb_populate_record(null::private.posting, jsonb_build_object(
  'client_id', tests.the('client'), 'idempotency_key', 'shared', 'transfer_type', 'test', 'entries', jsonb_build_array(
    jsonb_build_object('account_id', tests.the('ada'), 'amount', -9),
    jsonb_build_object('account_id', tests.the('revenue'), 'amount', 6),
    jsonb_build_object('account_id', tests.the('issuance'), 'amount', 3))))]))[1]).id);
select throws_like($$ select pg_temp.reverse('shared', 5) $$, '%as a whole%',
  'A transfer of three sides is not reversed in parts');
select lives_ok($$ select pg_temp.reverse('shared', null) $$, 'But as a whole');
select is_empty('select * from private.ledger_imbalances', 'And it all adds up');

select * from finish();
rollback;
