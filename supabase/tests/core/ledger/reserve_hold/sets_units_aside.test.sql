begin;
set local search_path = public, extensions, tests;
select plan(11);

select tests.keep_ledger();

select tests.give(10, now() + interval '1 day');
select tests.give(90);
select tests.keep('hold', tests.reserve(30, 'hold'));
select is(tests.ada_has(), '100/30/70', 'reserve_hold: 30 of 100 → balance 100, available 70');
select throws_ok('select tests.spend(71)', 'WL001', null, 'post_transfer: more than is available beside a hold → WL-001');
select throws_ok('select tests.reserve(71)', 'WL001', null, 'reserve_hold: more than is available beside a hold → WL-001');
select is(tests.reserve(30, 'hold'), tests.the('hold'), 'reserve_hold: same key and content → the same hold');
select is(tests.ada_has(), '100/30/70', 'reserve_hold: a repeated key → held once');
select throws_ok($$ select tests.reserve(31, 'hold') $$, 'RB409', null, 'reserve_hold: same key, another amount → RB-409');
select throws_ok($$ select tests.reserve(30, 'hold', gen_random_uuid()) $$, 'RB409', null,
  'reserve_hold: same key, another reference → RB-409');
select throws_like('select tests.reserve(-1)', '%ledger_holds_amount_is_positive%', 'reserve_hold: a negative amount → ledger_holds_amount_is_positive');
select throws_like('select tests.reserve(1.5)', '%units_are_whole%', 'reserve_hold: half a bizcoin → units_are_whole');
select is((select string_agg(trim_scale(held)::text, '/' order by id) from public.ledger_lots), '10/20',
  'reserve_hold: lots of several expiries → the earliest is held first');
select is_empty('select * from private.ledger_imbalances', 'reserve_hold: the ledger balances');

select * from finish();
rollback;
