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
select is(tests.ada_has(), '70/0/70', 'reverse_transfer: a part → returned');
select is(pg_temp.reverse('payment', 20, 'part'), tests.the('part'), 'reverse_transfer: same key and amount → the same reversal');
select is(tests.ada_has(), '70/0/70', 'reverse_transfer: a repeated key → reversed once');
select throws_ok($$ select pg_temp.reverse('payment', 21, 'part') $$, 'RB409', null,
  'reverse_transfer: same key, another amount → RB-409');
select throws_ok($$ select pg_temp.reverse('payment', 31) $$, 'WL002', null, 'reverse_transfer: more than remains → WL-002');
select lives_ok($$ select pg_temp.reverse('payment', null) $$, 'reverse_transfer: no amount → the rest');
select is(tests.ada_has(), '100/0/100', 'reverse_transfer: reversed wholly → the balance of before');
select throws_ok($$ select pg_temp.reverse('payment', null) $$, 'WL002', null, 'reverse_transfer: reversed wholly → WL-002');
select throws_ok($$ select pg_temp.reverse('part', 1) $$, 'WL002', null, 'reverse_transfer: a reversal → WL-002');
select throws_ok($$ select pg_temp.reverse('client', 1) $$, 'RB404', null, 'reverse_transfer: no such transfer → RB-404');
select tests.keep('again', tests.spend(1));
select throws_like($$ select pg_temp.reverse('again', -1) $$, '%must be positive%', 'reverse_transfer: a negative amount → error');

-- a gift, reversed as far as it is unspent
select tests.keep('gift', tests.give(10, now() + interval '1 day'));
select tests.spend(4);
select throws_ok($$ select pg_temp.reverse('gift', 7) $$, 'WL002', null,
  'reverse_transfer: a credit spent in part, beside other balance → WL-002');
select private.reserve_hold(tests.the('ada'), 1, now() + interval '1 hour', 'hold');
select throws_ok($$ select pg_temp.reverse('gift', 6) $$, 'WL002', null, 'reverse_transfer: a credit held in part → WL-002');
select tests.keep('taken back', pg_temp.reverse('gift', null));
select is((select amount from public.ledger_entries where transfer_id = tests.the('taken back')
  and account_id = tests.the('ada')), -5.00, 'reverse_transfer: a credit spent in part, no amount → what is unspent');

-- of more than two sides
select tests.keep('shared', ((private.post_transfers(array[jsonb_populate_record(null::private.posting, jsonb_build_object(
  'client_id', tests.the('client'), 'idempotency_key', 'shared', 'transfer_type', 'test', 'entries', jsonb_build_array(
    jsonb_build_object('account_id', tests.the('ada'), 'amount', -9),
    jsonb_build_object('account_id', tests.the('revenue'), 'amount', 6),
    jsonb_build_object('account_id', tests.the('issuance'), 'amount', 3))))]))[1]).id);
select throws_like($$ select pg_temp.reverse('shared', 5) $$, '%as a whole%',
  'reverse_transfer: a part of three entries → error');
select lives_ok($$ select pg_temp.reverse('shared', null) $$, 'reverse_transfer: the whole of three entries → reversed');
select is_empty('select * from private.ledger_imbalances', 'reverse_transfer: the ledger balances');

select * from finish();
rollback;
