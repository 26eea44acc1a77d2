begin;
set local search_path = public, extensions, tests;
select plan(12);

select tests.keep(tests.create_promise(0));
select tests.keep('other', tests.create_promise(0));
update public.card_pools set stock_owner = 'client', cost_per_card = 0 where client_id = (tests.kept('other') ->> 'client')::uuid;
select tests.keep('pool_b', tests.kept('other') -> 'pool');
select tests.keep('admin_b', tests.create_user('client_admin', (tests.kept('other') ->> 'client')::uuid));
select tests.import(tests.the('pool'), jsonb_build_array(tests.card_row(1, 'KNOWN-1'), tests.card_row(2, 'KNOWN-2')));

select tests.keep('answer', tests.import(tests.the('pool_b'), jsonb_build_array(tests.card_row(1, 'KNOWN-1'),
  tests.card_row(2, 'OWN-1'), tests.card_row(3, 'KNOWN-2', current_date + 90), tests.card_row(4, 'OWN-1'),
  tests.card_row(5, 'KNOWN-1', current_date - 5)), tests.the('admin_b')) -> 'result');
select results_eq($$ select r ->> 'status', r ->> 'reason' from jsonb_array_elements(tests.kept('answer') -> 'rows') r $$,
  $$ values ('rejected', 'the card cannot be stocked'), ('imported', null), ('rejected', 'the card cannot be stocked'),
    ('duplicate', 'this code is already here'), ('expired', 'the card has expired') $$,
  'import_gift_cards: codes of another client → rejected without the cause; own ones → duplicate');
select is((tests.kept('answer') ->> 'duplicates') || ' ' || (tests.kept('answer') ->> 'rejected'), '1 3', 'import_gift_cards: the counts agree');
select unalike(tests.kept('answer')::text, '%already here%already here%', '… no other column tells that a code exists elsewhere');

select is((select count(*)::int from public.system_alerts where alert_type = 'known_card_code'), 1, 'import_gift_cards: a code of another tenant → one alert');
select row_eq($$ select client_id, metadata - 'actor_id' - 'pool_id' from public.system_alerts where alert_type = 'known_card_code' $$,
  row(null::uuid, jsonb_build_object('client_id', tests.kept('other') -> 'client', 'cards', 2, 'rows', 5)),
  '… of the platform, with counts and no code');
select tests.sign_in(tests.the('admin_b'));
select is_empty($$ select from public.system_alerts where alert_type = 'known_card_code' $$, '… the uploader does not read it');
select tests.sign_out();

select tests.import(tests.the('pool_b'), jsonb_build_array(tests.card_row(1, 'OWN-1')));
select is((select count(*)::int from public.system_alerts where alert_type = 'known_card_code'), 1,
  'import_gift_cards: duplicates in the owner''s stock → no alert');

-- a card that was given is its pool's still; one that was sold is the buyer's
select tests.keep('master', tests.create_pool(null, tests.the('brand'), 0));
select tests.import(tests.the('master'), jsonb_build_array(tests.card_row(1, 'SOLD-1')));
select is(tests.import(tests.the('pool'), jsonb_build_array(tests.card_row(1, 'SOLD-1'))) #>> '{result,rows,0,status}', 'rejected',
  'import_gift_cards: a code of a master pool, by a client → rejected');
select tests.sell(tests.the('master'), tests.the('client'), 1, buyer_pool_id => tests.the('pool'));
select is(tests.import(tests.the('pool'), jsonb_build_array(tests.card_row(1, 'SOLD-1'))) #>> '{result,rows,0,status}', 'duplicate',
  '… and duplicate once the client has bought it');
select is(tests.import(tests.the('master'), jsonb_build_array(tests.card_row(1, 'KNOWN-1'))) #>> '{result,rows,0,status}', 'rejected',
  'import_gift_cards: a code of a client, by the platform → rejected');
select is((select count(*)::int from public.system_alerts where alert_type = 'known_card_code'), 3, '… an alert for each import');
select is_empty('select * from private.invariant_violations', 'invariants: none is violated');

select * from finish();
rollback;
