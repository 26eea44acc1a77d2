begin;
set local search_path = public, extensions, tests;
select plan(16);

select tests.keep('client', tests.create_client());
select tests.keep('purchase', gen_random_uuid());

create function pg_temp.reserve(amount numeric, key text) returns uuid language sql as $$
  select (private.reserve_credit(private.payers_of(tests.the('client'), 'client', 'USD'), row(amount, amount), key,
    tests.the('purchase'), now() + interval '3 days'))[1]
$$;
create function pg_temp.wallet() returns jsonb language sql as $$
  select jsonb_build_array(b.balance, b.held) from public.wallet_balances b where b.owner_id = tests.the('client')
$$;

select is(pg_temp.reserve(25, 'postpaid'), null, 'reserve_credit: a client that is not prepaid → no hold');
select lives_ok('select private.capture_credit(null, ''A card'')', 'capture_credit: no hold → ok');
select lives_ok('select private.release_credit(null)', 'release_credit: no hold → ok');

select tests.give_credit(tests.the('client'), 60);
select tests.keep('hold', pg_temp.reserve(25, 'one'));
select is(pg_temp.wallet(), '[60.00, 25.00]', 'reserve_credit: a hold → in the balance, and held');
select is(pg_temp.reserve(25, 'one'), tests.the('hold'), 'reserve_credit: same key → the same hold');
select is(pg_temp.wallet(), '[60.00, 25.00]', 'reserve_credit: same key → held once');
select throws_ok('select pg_temp.reserve(35.01, ''two'')', 'GC006', 'Insufficient credits',
  'reserve_credit: more than is free → GC-006');
select throws_ok($$ select private.charge_credit(tests.the('client'),
  private.payers_of(tests.the('client'), 'client', 'USD'), row(35.01, 35.01), 'USD', 'three', null) $$, 'GC006',
  'Insufficient credits', 'charge_credit: more than is free → GC-006');
select lives_ok($$ select private.capture_credit(array[tests.the('hold')], 'A card that was bought') $$, 'capture_credit: a hold → captured');
select is(pg_temp.wallet(), '[35.00, 0.00]', 'capture_credit: a hold → charged from it');
select lives_ok($$ select private.capture_credit(array[tests.the('hold')], 'A card that was bought') $$, 'capture_credit: the same again → ok');
select is(pg_temp.wallet(), '[35.00, 0.00]', 'capture_credit: the same again → charged once');
select tests.keep('declined', pg_temp.reserve(35, 'four'));
select private.release_credit(array[tests.the('declined')]);
select is(pg_temp.wallet(), '[35.00, 0.00]', 'release_credit: a hold → free again');

select private.reverse_charge(tests.the('purchase'), 'reversal', 'The card never left');
select is(pg_temp.wallet(), '[60.00, 0.00]', 'reverse_charge: a charge → returned');
select is(private.reverse_charge(gen_random_uuid(), 'none', 'Never charged'), 0, 'reverse_charge: no charge → 0');
select is_empty('select * from private.ledger_imbalances', 'reserve_credit: the ledger balances');

select * from finish();
rollback;
