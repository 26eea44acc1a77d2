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

select is(pg_temp.reserve(25, 'postpaid'), null, 'Whoever is not prepaid has nothing to set aside');
select lives_ok('select private.capture_credit(null, ''A card'')', 'And nothing to pay');
select lives_ok('select private.release_credit(null)', 'Or to give back');

select tests.give_credit(tests.the('client'), 60);
select tests.keep('hold', pg_temp.reserve(25, 'one'));
select is(pg_temp.wallet(), '[60.00, 25.00]', 'What is set aside is still there');
select is(pg_temp.reserve(25, 'one'), tests.the('hold'), 'The same key gives the same hold');
select is(pg_temp.wallet(), '[60.00, 25.00]', 'And holds nothing more');
select throws_ok('select pg_temp.reserve(35.01, ''two'')', 'GC006', 'Insufficient credits',
  'What is set aside cannot be set aside again');
select throws_ok($$ select private.charge_credit(tests.the('client'),
  private.payers_of(tests.the('client'), 'client', 'USD'), row(35.01, 35.01), 'USD', 'three', null) $$, 'GC006',
  'Insufficient credits', 'Nor be spent');
select lives_ok($$ select private.capture_credit(array[tests.the('hold')], 'A card that was bought') $$, 'The purchase is paid');
select is(pg_temp.wallet(), '[35.00, 0.00]', 'With what was set aside');
select lives_ok($$ select private.capture_credit(array[tests.the('hold')], 'A card that was bought') $$, 'Once is enough');
select is(pg_temp.wallet(), '[35.00, 0.00]', 'Twice pays nothing more');
select tests.keep('declined', pg_temp.reserve(35, 'four'));
select private.release_credit(array[tests.the('declined')]);
select is(pg_temp.wallet(), '[35.00, 0.00]', 'A purchase that came to nothing gives back what was set aside');

select private.reverse_charge(tests.the('purchase'), 'reversal', 'The card never left');
select is(pg_temp.wallet(), '[60.00, 0.00]', 'What was charged for a purchase comes back with it');
select is(private.reverse_charge(gen_random_uuid(), 'none', 'Never charged'), 0, 'What was not charged does not');
select is_empty('select * from private.ledger_imbalances', 'The books balance');

select * from finish();
rollback;
