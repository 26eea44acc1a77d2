begin;
set local search_path = public, extensions, tests;
select plan(8);

select tests.keep('client', tests.create_client());
select tests.keep('customer', tests.create_customer(tests.the('client')));
select tests.keep('voucher', tests.create_voucher(tests.the('client'), '{"value": 100000}'));
create function pg_temp.attempts(surface text) returns text[] language sql as $$
  select array_agg(concat_ws(' ', outcome, code) order by id) from public.redemption_attempts
  where client_id = tests.the('client') and redemption_attempts.surface = attempts.surface
$$;

-- a bug in the middle of a redemption
create function pg_temp.fail() returns trigger language plpgsql as $$
begin
  raise exception 'the disk is haunted' using errcode = tg_argv[0];
end $$;
create trigger fails before insert on public.voucher_usage for each row execute function pg_temp.fail('XX001');
select tests.keep('answer', tests.redeem_voucher(tests.the('customer'), tests.the('voucher')));
select is(tests.kept('answer') - 'details', '{"outcome": "refused", "code": "RB-500", "message": "XX001: the disk is haunted"}',
  'redeem_voucher: fails inside → RB-500 with the reason for the log');
select is(pg_temp.attempts('redeem-voucher'), '{refused RB-500}', 'redeem_voucher: fails inside → an attempt');
select is((select max(taken) from private.attempt_buckets where key = tests.the('customer')::text), 0,
  'redeem_voucher: fails inside → costs the customer nothing');
select is_empty($$ select from public.wallet_balances where user_id = tests.the('customer') and balance > 0 $$,
  'redeem_voucher: fails inside → nothing is given');
select is((select usage_count from public.vouchers where id = tests.the('voucher')), 0, 'redeem_voucher: fails inside → no use is taken');

-- a transient error is raised, not answered, so that the caller retries
drop trigger fails on public.voucher_usage;
create trigger fails before insert on public.voucher_usage for each row execute function pg_temp.fail('40P01');
select throws_ok($$ select tests.redeem_voucher(tests.the('customer'), tests.the('voucher')) $$, '40P01', 'the disk is haunted',
  'redeem_voucher: a deadlock → raised again, to be repeated');

drop trigger fails on public.voucher_usage;
select is(tests.redeem_voucher(tests.the('customer'), tests.the('voucher')) ->> 'outcome', 'ok', 'redeem_voucher: after it → ok');
select is_empty('select * from private.invariant_violations', 'invariants: none is violated');

select * from finish();
rollback;
