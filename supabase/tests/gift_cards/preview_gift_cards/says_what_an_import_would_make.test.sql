-- A dry run: the same words as the import, without reading what others hold and without a row written.
begin;
set local search_path = public, extensions, tests;
select plan(5);

select tests.keep(tests.create_promise(0));
select tests.keep('other', tests.create_promise(0));
select tests.import(tests.the('pool'), jsonb_build_array(tests.card_row(1, 'OWN-1')));
select tests.import((tests.kept('other') ->> 'pool')::uuid, jsonb_build_array(tests.card_row(1, 'FOREIGN-1')));

select tests.keep('rows', jsonb_build_array(tests.card_row(1, 'OWN-1'), tests.card_row(2, 'NEW-1'),
  tests.card_row(3, 'NEW-2', current_date - 5), tests.card_row(4, 'FOREIGN-1')));
select results_eq($$ select r ->> 'status' from jsonb_array_elements(tests.preview_cards(tests.the('pool'), tests.kept('rows'))
    #> '{result,rows}') r $$, $$ values ('duplicate'), ('imported'), ('expired'), ('imported') $$,
  'preview_gift_cards: what the import would make of each row; a code that another owner holds is not disclosed');
select is((select count(*)::int from public.gift_cards c where c.pool_id = tests.the('pool')), 1, 'preview_gift_cards: stocks nothing');
select is_empty($$ select from public.system_alerts where alert_type = 'known_card_code' $$, 'preview_gift_cards: raises no alert');
select is((select p.provolatile from pg_proc p where p.oid = 'public.preview_gift_cards'::regproc), 's',
  'preview_gift_cards: Postgres lets it write nothing');
select is(tests.preview_cards(tests.the('pool'), '[]', tests.create_user('call_agent', tests.the('client'))) ->> 'code', 'RB-403',
  'preview_gift_cards: an agent → RB-403');

select * from finish();
rollback;
