begin;
set local search_path = public, extensions, tests;
select plan(10);

select tests.keep('client', tests.create_client());
select tests.keep('ada', tests.create_user('customer', tests.the('client')));
select tests.keep('other', tests.activate(tests.the('client'), tests.the('ada'), 10));
select tests.keep('package', tests.activate(tests.the('client'), tests.the('ada'), 100, '1 day'));
select private.add_messages(tests.the('package'), 20, 'more');
select tests.use_messages(tests.the('client'), tests.the('ada'), 30);

create function pg_temp.balance() returns numeric language sql as $$
  select balance from public.wallet_balances where user_id = tests.the('ada') and asset = 'messages'
$$;
select is(pg_temp.balance(), 100.00, 'cancel_package: before: unused messages are available');
select is((private.cancel_package(tests.the('package'), 'Asked for')).status, 'cancelled', 'cancel_package: a package is cancelled');
select is(pg_temp.balance(), 10.00, '… its unused messages are revoked, and of no other package');
select results_eq($$ select messages_limit, messages_used, cancel_reason from public.customer_packages
  where id = tests.the('package') $$, $$ values (30::bigint, 30::bigint, 'Asked for') $$, '… used messages stay used');
select is((private.cancel_package(tests.the('package'), 'Again')).cancel_reason, 'Asked for', 'cancel_package: twice → ok');
select is(pg_temp.balance(), 10.00, '… and changes nothing');

select tests.keep('unused', tests.activate(tests.the('client'), tests.the('ada'), 0));
select is((private.cancel_package(tests.the('unused'), 'Empty')).messages_limit, 0::bigint, 'cancel_package: a package without messages → cancelled');
select throws_ok($$ update public.customer_packages set status = 'active' where id = tests.the('package') $$, '23514', null,
  'cancel_package: a status without its time → refused');
select is_empty('select * from private.packages_off', 'invariants: packages agree with the ledger');
select is_empty('select * from private.ledger_imbalances', 'invariants: the ledger balances');

select * from finish();
rollback;
