begin;
set local search_path = public, extensions, tests;
select plan(15);

select tests.keep('client', tests.create_client());
select tests.keep('ada', tests.create_user('customer', tests.the('client')));
select tests.keep('package', tests.create_package(tests.the('client'), messages => 100, duration_days => 30));

select is(private.active_package(tests.the('client'), tests.the('ada')) is null, true, 'activate_package: no package is active at first');
select tests.keep('first', (private.activate_package(tests.the('client'), tests.the('ada'), tests.the('package'))).id);
select results_eq($$ select status, messages_limit, messages_used, expires_at - starts_at from public.customer_packages
    where id = tests.the('first') $$, $$ values ('active', 100::bigint, 0::bigint, interval '30 days') $$,
  'activate_package: a package → its messages for its days');
select results_eq($$ select amount, expires_at from public.ledger_lots l join public.ledger_transfers t on t.id = l.transfer_id
    where t.reference_id = tests.the('first') $$, $$ values (100.00, now() + interval '30 days') $$,
  '… in the ledger, expiring with it');
select is((private.active_package(tests.the('client'), tests.the('ada'))).id, tests.the('first'), '… it is the active package');
select tests.keep('longer', tests.activate(tests.the('client'), tests.the('ada'), 0, duration_days => 60));
select is((private.active_package(tests.the('client'), tests.the('ada'))).id, tests.the('longer'),
  'activate_package: several packages → the one that lasts longest is active');
select is((private.active_package(tests.create_client(), tests.the('ada'))).id, null, 'activate_package: with another client → none');

select tests.keep('added', (private.add_messages(tests.the('longer'), 25, 'k1')).id);
select is((private.add_messages(tests.the('longer'), 25, 'k1')).id, tests.the('added'), 'activate_package: the same key → added once');
select is((select messages_limit from public.customer_packages where id = tests.the('longer')), 25::bigint,
  'activate_package: messages are added to the balance');
select private.reverse_transfer(tests.the('added'), 5, 'back');
select is((private.count_messages(tests.the('longer'))).messages_limit, 20::bigint, 'activate_package: revoked messages no longer count');

update public.packages set is_active = false, archived_at = now() where id = tests.the('package');
select is((private.activate_package(tests.the('client'), tests.the('ada'), tests.the('package'))).status, 'active',
  'activate_package: a discontinued package that was promised → activated');
select throws_ok(format('select private.activate_package(%L, %L, %L)', tests.create_client(), tests.the('ada'),
  tests.the('package')), 'RB404', null, 'activate_package: another client''s package → RB-404');
select private.cancel_package(tests.the('longer'), 'test');
select throws_ok($$ select private.add_messages(tests.the('longer'), 1, 'k2') $$, 'VC021', null,
  'add_messages: an ended package → VC-021');
select throws_ok($$ update public.customer_packages set messages_used = messages_limit + 1 where id = tests.the('first') $$,
  '23514', null, 'activate_package: more used than granted → refused');

select is_empty('select * from private.packages_off', 'invariants: packages agree with the ledger');
select is_empty('select * from private.ledger_imbalances', 'invariants: the ledger balances');

select * from finish();
rollback;
