begin;
set local search_path = public, extensions, tests;
select plan(24);

select tests.keep(tests.create_promise(0));
update public.card_pools set stock_owner = 'client', cost_per_card = 0 where id = tests.the('pool');
select tests.keep('admin', tests.create_user('client_admin', tests.the('client')));
select tests.keep('file', jsonb_build_array(tests.card_row(2, 'AAAA-1111'), tests.card_row(3, 'AAAA-2222'),
  tests.card_row(4, 'AAAA-1111'), tests.card_row(5, 'AAAA-3333', current_date - 2),
  tests.card_row(6, 'AAAA-4444', current_date + 30)));
select tests.keep('answer', tests.import(tests.the('pool'), tests.kept('file'), tests.the('admin'), 'file-1'));

select is((tests.kept('answer') -> 'result') - '{rows,importId,importStatus,progress}'::text[], jsonb_build_object('poolId', tests.the('pool'), 'imported', 3,
  'duplicates', 1, 'rejected', 1, 'alreadyUploaded', false),
  'import_gift_cards: the answer counts new, duplicate and expired rows');
select is(tests.kept('answer') #> '{result,rows}', '[{"row": 2, "status": "imported"}, {"row": 3, "status": "imported"},
    {"row": 4, "status": "duplicate", "reason": "this code is already here"},
      {"row": 5, "status": "expired", "reason": "the card has expired"},
    {"row": 6, "status": "imported"}]', '… and has the outcome of each row, in order');
select row_eq('select total_cards, available_cards, claimed_cards, delivered_cards from public.gift_card_pools
  where id = tests.the(''pool'')', row(3, 3, 0, 0), '… the pool has three more cards');
select set_eq($$ select id, client_id, code_last4, status, expires_at::date from public.gift_cards
  where pool_id = tests.the('pool') $$,
  $$ select (r ->> 'id')::uuid as id, tests.the('client'), r ->> 'last4' as last4, 'available' as status,
    (r ->> 'expiresOn')::date + 1 as day
    from jsonb_array_elements(tests.kept('file')) r where r ->> 'row' in ('2', '3', '6') $$,
  '… the client''s, available, of the first row of each code');
select set_eq($$ select s.gift_card_id, s.code_sealed, s.code_fingerprint, s.seal_key_id from private.card_secrets s
    join public.gift_cards c on c.id = s.gift_card_id where c.pool_id = tests.the('pool') $$,
  $$ select (r ->> 'id')::uuid as id, decode(r ->> 'code', 'base64') as code,
    decode(r ->> 'fingerprint', 'hex') as print, 'test' as key
    from jsonb_array_elements(tests.kept('file')) r where r ->> 'row' in ('2', '3', '6') $$,
      '… codes are stored sealed, apart');
select is((select count(*)::int from private.card_lots where pool_id = tests.the('pool')), 2,
  'import_gift_cards: cards of one expiry → one lot');
select row_eq('select actor_id, metadata from public.audit_events where action = ''gift_cards.imported''
  and subject_id = tests.the(''pool'')
    and actor_id is not null', row(tests.the('admin'), '{"imported": 3,
      "rows": 5}'::jsonb), 'import_gift_cards: audited with the actor');

-- the same file again
select tests.keep('again', tests.import(tests.the('pool'), tests.kept('file'), tests.the('admin'), 'file-1'));
select is((tests.kept('again') -> 'result') - '{rows,poolId,importId,importStatus,progress,repeats}'::text[],
  '{"imported": 0, "duplicates": 4, "rejected": 1, "alreadyUploaded": true}',
  'import_gift_cards: the same file again → adds nothing');
select is((select total_cards from public.gift_card_pools where id = tests.the('pool')), 3, '… the pool is unchanged');
select is((select sum(accepted_count)::int from public.imports where subject_id = tests.the('pool') and file_hash = 'file-1'), 3,
  'import_gift_cards: the same file again → its cards are counted once');

-- somewhere else
select tests.keep('pool_2', tests.create_pool(tests.the('client'), tests.the('brand'), 0));
select is((tests.import(tests.the('pool_2'), jsonb_build_array(tests.card_row(1, 'AAAA-2222'))) -> 'result') - '{poolId,importId,importStatus,progress}'::text[],
  '{"imported": 0, "duplicates": 1, "rejected": 0, "alreadyUploaded": false,
    "rows": [{"row": 1, "status": "duplicate",
      "reason": "this code is already here"}]}', 'import_gift_cards: a code of another pool → duplicate');
select tests.keep('elsewhere', tests.create_promise(0));
select is((tests.import((tests.kept('elsewhere') ->> 'pool')::uuid,
  jsonb_build_array(tests.card_row(1, 'AAAA-2222'))) -> 'result') - '{poolId,importId,importStatus,progress}'::text[],
  '{"imported": 0, "duplicates": 0, "rejected": 1, "alreadyUploaded": false,
    "rows": [{"row": 1, "status": "rejected", "reason": "the card cannot be stocked"}]}',
  'import_gift_cards: a code that another client holds → rejected, without the cause');
select isnt_empty($$ select from public.system_alerts where alert_type = 'known_card_code'
  and metadata ->> 'pool_id' = tests.kept('elsewhere') ->> 'pool' $$, '… and an alert');
select is(tests.import(tests.the('pool_2'), jsonb_build_array(tests.card_row(1, 'AAAA-3333'))) #>> '{result,imported}',
  '1', 'import_gift_cards: a code rejected as expired → can be imported later');

-- a PIN
select tests.import(tests.the('pool'),
  jsonb_build_array(tests.card_row(1, 'PINN-1111', '2040-01-01') || '{"pin": "cGlu"}'));
select is((private.sealed_card((select id from public.gift_cards where pool_id = tests.the('pool')
  and expires_at > '2040-01-01')) ->> 'pin'), 'cGlu', 'import_gift_cards: a PIN → sealed like the code');

-- idempotency
select tests.keep('keyed', tests.import(tests.the('pool'), jsonb_build_array(tests.card_row(1, 'BBBB-1111')),
  file_hash => 'file-2', idempotency_key => 'key'));
select tests.keep('replay', tests.import(tests.the('pool'), jsonb_build_array(tests.card_row(1, 'BBBB-1111')),
  file_hash => 'file-2', idempotency_key => 'key'));
select is(tests.kept('replay') -> 'result', tests.kept('keyed') -> 'result',
  'import_gift_cards: the same key and file → the same answer');
select is(tests.kept('replay') ->> 'replayed', 'true', '… marked as replayed');
select is(tests.import(tests.the('pool'), '[]', file_hash => 'file-3', idempotency_key => 'key') ->> 'code', 'RB-409',
  'import_gift_cards: the same key with another file → RB-409');
select is(tests.import(tests.the('pool_2'), '[]', file_hash => 'file-2', idempotency_key => 'key') ->> 'code', 'RB-409',
  'import_gift_cards: the same key and file for another pool → RB-409');

-- refusals
select is(tests.import(gen_random_uuid(), '[]') ->> 'code', 'RB-404', 'import_gift_cards: an unknown pool → RB-404');
select is(tests.import(tests.the('pool'), '[]', tests.create_user('call_agent', tests.the('client'))) ->> 'code',
  'RB-403', 'import_gift_cards: an agent → RB-403');
select is(tests.import((tests.kept('elsewhere') ->> 'pool')::uuid, '[]', tests.the('admin')) ->> 'code', 'RB-404',
  'import_gift_cards: a pool of another tenant → RB-404');
select is(tests.import(tests.the('pool'), '[]') #> '{result,rows}', '[]', 'import_gift_cards: no rows → ok');
select is_empty('select * from private.invariant_violations', 'invariants: none is violated');

select * from finish();
rollback;
