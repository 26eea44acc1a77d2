begin;
set local search_path = public, extensions, tests;
select plan(8);

select tests.keep('client', tests.create_client());
select tests.keep('ada', tests.create_user('customer', tests.the('client')));
select tests.keep('past', tests.activate(tests.the('client'), tests.the('ada'), 10, '31 days'));
select tests.keep('present', tests.activate(tests.the('client'), tests.the('ada'), 10, '29 days'));

select is((private.active_package(tests.the('client'), tests.the('ada'))).id, tests.the('present'),
  'expire_packages: a package past its end counts for nothing before the job marks it');
select cmp_ok((public.expire_packages() #>> '{result,packages}')::int, '>=', 1, 'expire_packages: a package past its end → expired');
select results_eq($$ select id, status, expired_at is not null from public.customer_packages
    where client_id = tests.the('client') order by starts_at $$,
  $$ values (tests.the('past'), 'expired', true), (tests.the('present'), 'active', false) $$, '… no other package');
select is(private.expire_packages(now()), 0, 'expire_packages: a second run → nothing');
select public.expire_lots();
select is((select balance from public.wallet_balances where user_id = tests.the('ada')), 10.00, 'expire_packages: its messages expire with it');
select is((select messages_limit from public.customer_packages where id = tests.the('past')), 10::bigint,
  'expire_packages: granted messages stay granted');
select is_empty('select * from private.packages_off', 'invariants: packages agree with the ledger');
select is_empty('select * from private.ledger_imbalances', 'invariants: the ledger balances');

select * from finish();
rollback;
