begin;
set local search_path = public, extensions, tests;
select plan(17);

select tests.keep_ledger();

create function pg_temp.wallet(actor uuid) returns jsonb language sql as $$
  select tests.get_wallet(actor, tests.the('owner'))
$$;
select is(pg_temp.wallet(tests.the('owner')) #> '{result,transactions}', '[]', 'get_wallet: no transaction → an empty list');
select tests.give(10, now() + interval '1 day');
select tests.give(90);
select tests.give(5, now() + interval '1 hour');
update public.ledger_lots set expires_at = now() - interval '1 second' where amount = 5;
select private.reserve_hold(tests.the('ada'), 3, now() + interval '1 hour', 'hold');
select tests.keep('payment', tests.spend(2));

select tests.keep('wallet', pg_temp.wallet(tests.the('owner')) -> 'result');
select is(tests.kept('wallet') #> '{balances,0}', jsonb_build_object('accountId', tests.the('ada'), 'clientId',
  tests.the('client'), 'asset', 'bizcoin', 'balance', 98, 'held', 3, 'available', 95),
  'get_wallet: a customer → balance, held and available without lapsed lots');
select is(tests.kept('wallet') -> 'expiring', jsonb_build_array(jsonb_build_object('clientId', tests.the('client'), 'asset',
  'bizcoin', 'amount', 5, 'expiresAt', to_jsonb(now() + interval '1 day'))), 'get_wallet: lots with expiry → expiring');
select is(jsonb_array_length(tests.kept('wallet') -> 'transactions'), 4, 'get_wallet: transactions → the last ones');
select is(tests.kept('wallet') #> '{transactions,0,transferId}', to_jsonb(tests.the('payment')), 'get_wallet: transactions → newest first');
select is(tests.kept('wallet') #> '{transactions,0,amount}', '-2', 'get_wallet: transactions → with their amount');
select count(tests.spend(1)) from generate_series(1, 25);
select is(jsonb_array_length(pg_temp.wallet(tests.the('owner')) #> '{result,transactions}'), 20, 'get_wallet: more than twenty transactions → twenty');

-- 3 units at each of 150 moments, in two lots
select tests.give(n.amount, now() + interval '2 days' + m * interval '1 hour') from generate_series(1, 150) m, (values (1), (2)) n (amount);
select tests.keep('full', pg_temp.wallet(tests.the('owner')) -> 'result');
select is(jsonb_array_length(tests.kept('full') -> 'expiring'), 100, 'get_wallet: more than a hundred moments of expiry → a hundred');
select is(tests.kept('full') -> 'hasMoreExpiring', 'true', '… and that there are more');
select is((select (e ->> 'amount')::numeric from jsonb_array_elements(tests.kept('full') -> 'expiring') e
  where (e ->> 'expiresAt')::timestamptz = now() + interval '2 days 5 hours'), 3.00,
  'get_wallet: lots that expire at one moment → their sum');

select tests.keep('elsewhere', tests.create_client());
select private.ledger_account(tests.the('elsewhere'), 'user', tests.the('owner'), 'points');
create function pg_temp.read_by(actor uuid) returns text language sql as $$
  select coalesce(w ->> 'code', (select string_agg(b ->> 'asset', ' ') from jsonb_array_elements(w #> '{result,balances}') b))
  from pg_temp.wallet(actor) w
$$;
select is(pg_temp.read_by(null), 'bizcoin points', 'get_wallet: no actor → all clients');
select is(pg_temp.read_by(tests.the('owner')), 'bizcoin points', 'get_wallet: the customer → all clients');
select is(pg_temp.read_by(tests.create_user('client_admin', tests.the('client'))), 'bizcoin',
  'get_wallet: an admin → their client');
select is(pg_temp.read_by(tests.create_user('client_admin', tests.create_client())), 'RB-404',
  'get_wallet: an admin of another client → RB-404');
select is(pg_temp.read_by(tests.create_user('customer', tests.the('client'))), 'RB-404', 'get_wallet: another customer → RB-404');
select is(pg_temp.read_by(tests.create_user('call_agent', tests.the('client'))), 'RB-404', 'get_wallet: a call agent → RB-404');
select is(tests.get_wallet(tests.create_user('client_admin', tests.the('client')), tests.create_user()) ->> 'code',
  'RB-404', 'get_wallet: another user''s customer → the error of an unknown one');

select * from finish();
rollback;
