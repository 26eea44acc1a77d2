begin;
set local search_path = public, extensions, tests;
select plan(10);

create function pg_temp.import_in(zone text, expires_on date) returns jsonb language plpgsql as $$
declare
  pool uuid := tests.create_pool(tests.create_client(zone), tests.create_brand(), 0);
begin
  perform tests.keep('pool', pool);
  return tests.import(pool,
    jsonb_build_array(tests.card_row(1, gen_random_uuid()::text, expires_on))) #> '{result,rows,0,status}';
end $$;
create function pg_temp.expiry() returns timestamptz language sql as $$
  select expires_at from public.gift_cards where pool_id = tests.the('pool')
$$;

select is(pg_temp.import_in('America/New_York', '2030-07-04'), '"imported"', 'import_gift_cards: a card for a client in New York');
select is(pg_temp.expiry(), '2030-07-05 00:00 America/New_York'::timestamptz, '… expires with the day in New York');
select is(pg_temp.import_in('Asia/Tokyo', '2030-07-04'), '"imported"', 'import_gift_cards: a card for a client in Tokyo');
select is(pg_temp.expiry(), '2030-07-04 15:00 UTC'::timestamptz, '… expires with the day in Tokyo');
select is(pg_temp.import_in('America/New_York', '2030-03-09'), '"imported"', 'import_gift_cards: the day before daylight saving time begins');
select is(pg_temp.expiry(), '2030-03-10 05:00 UTC'::timestamptz, '… ends in standard time');

-- it is always tomorrow on Kiritimati, or still yesterday on Niue
select is(pg_temp.import_in('Pacific/Kiritimati', (now() at time zone 'Pacific/Kiritimati')::date), '"imported"',
  'import_gift_cards: a card that expires today → accepted');
select is(pg_temp.import_in('Pacific/Kiritimati', (now() at time zone 'Pacific/Kiritimati')::date - 1), '"expired"',
  'import_gift_cards: a card that expired yesterday → expired');
select is(pg_temp.import_in('Pacific/Niue', (now() at time zone 'Pacific/Niue')::date), '"imported"',
  'import_gift_cards: today is the day in the client''s time zone');

select tests.keep('pool', tests.create_pool(null, tests.create_brand(), 0));
select tests.import(tests.the('pool'), jsonb_build_array(tests.card_row(1, 'UTC', '2030-07-04')));
select is(pg_temp.expiry(), '2030-07-05 00:00 UTC'::timestamptz, 'import_gift_cards: a master pool''s day → UTC');

select * from finish();
rollback;
