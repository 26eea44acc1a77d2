begin;
set local search_path = public, extensions, tests;
select plan(11);

select tests.keep_ledger();

select tests.give(10, now() + interval '1 day');
select tests.give(90);
select tests.keep('hold', tests.reserve(30, 'hold'));
select is(tests.ada_has(), '100/30/70', 'What is held is still there, and not available');
select throws_ok('select tests.spend(71)', 'WL001', null, 'It cannot be spent');
select throws_ok('select tests.reserve(71)', 'WL001', null, 'Nor held again');
select is(tests.reserve(30, 'hold'), tests.the('hold'), 'The same again gives the same hold');
select is(tests.ada_has(), '100/30/70', 'And holds nothing more');
select throws_ok($$ select tests.reserve(31, 'hold') $$, 'RB409', null, 'Another amount with the key is refused');
select throws_ok($$ select tests.reserve(30, 'hold', gen_random_uuid()) $$, 'RB409', null,
  'Another reference with the key is refused');
select throws_like('select tests.reserve(-1)', '%ledger_holds_amount_is_positive%', 'Less than nothing is not held');
select throws_like('select tests.reserve(1.5)', '%units_are_whole%', 'Nor half a bizcoin');
select is((select string_agg(trim_scale(held)::text, '/' order by id) from public.ledger_lots), '10/20',
  'A hold stands in the lots that expire first');
select is_empty('select * from private.ledger_imbalances', 'And it all adds up');

select * from finish();
rollback;
