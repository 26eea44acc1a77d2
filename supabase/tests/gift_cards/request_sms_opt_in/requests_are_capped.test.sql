begin;
set local search_path = public, extensions, tests;
select plan(5);

select tests.keep(tests.create_promise());
create function pg_temp.ask(phone text, recipient uuid default tests.the('recipient')) returns text language sql as $$
  select coalesce(a ->> 'code', a #>> '{result,status}') from tests.ask_for_consent(recipient, phone => ask.phone) a
$$;

select is((select count(*)::int from generate_series(0, 6) n where pg_temp.ask('+1202555020' || n) = 'requested'), 5,
  'request_sms_opt_in: one recipient, many phones → five a day');
select is(pg_temp.ask('+12025550209'), 'RB-429', 'request_sms_opt_in: the sixth → RB-429');
update private.attempt_limits set attempts_max = 7 where surface = 'send-sms-opt-in' and kind = 'client';
select tests.keep('others', (select jsonb_agg(r) from tests.create_recipients(tests.the('campaign'), 4) r));
select is((select count(*)::int from generate_series(0, 3) n
  where pg_temp.ask('+1202555021' || n, (tests.kept('others') ->> n)::uuid) = 'requested'), 2,
  'request_sms_opt_in: a client with seven a day → seven in all');
select is(pg_temp.ask('+18765550123', (tests.kept('others') ->> 3)::uuid), 'GC-012',
  'request_sms_opt_in: phone in a country that is not allowed → GC-012');
select is((select count(*)::int from public.deliveries where client_id = tests.the('client') and notice = 'sms_opt_in'), 7,
  'request_sms_opt_in: refused → nothing is queued');

select * from finish();
rollback;
