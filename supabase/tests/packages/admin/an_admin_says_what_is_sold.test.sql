begin;
set local search_path = public, extensions, tests;
select plan(16);

select tests.keep('client', tests.create_client());
select tests.keep('admin', tests.create_user('client_admin', tests.the('client')));
select tests.keep('customer', tests.create_user('customer', tests.the('client')));

select tests.sign_in(tests.the('admin'));
select tests.keep('package', (public.create_package(tests.the('client'), 'Starter', 49, 30, 100)).id);
select results_eq($$ select name, price, currency, duration_days, messages, bizcoin_value, is_active from public.packages
    where id = tests.the('package') $$, $$ values ('Starter', 49.00, 'USD', 30, 100, 1.00, true) $$, 'create_package: → offered');
select throws_ok($$ select public.create_package(tests.the('client'), 'Yen', 49.50, 30, 100, 'JPY') $$, 'RB400', null,
  'create_package: a price that cannot be charged → RB-400');
select throws_ok($$ select public.create_package(tests.the('client'), 'Odd', 49, 30, 100, 'XTS') $$, 'RB400', null,
  'create_package: a currency that cannot be charged → RB-400');
select throws_ok($$ select public.create_package(tests.the('client'), 'Palace', 1000000, 30) $$, 'RB400', null,
  'create_package: a price with more digits than the processor takes → RB-400');
select throws_ok($$ select public.create_package(tests.the('client'), 'Yen', 49, 30, 100, 'JPY', null, 0.4) $$, 'RB400', null,
  'create_package: a bizcoin worth less than the smallest coin → RB-400');
select lives_ok($$ select public.create_package(tests.the('client'), 'Yen', 99999999, 30, 100, 'JPY', null, 0.5) $$,
  'create_package: the largest price, and the smallest bizcoin → ok');
select throws_ok($$ select public.create_package(tests.the('client'), 'Free', -1, 30, 100) $$, 'RB400', null,
  'create_package: a price below zero → RB-400');
select is((public.update_package(tests.the('package'), price => 59)).price, 59.00, 'update_package: → changed');
select is((public.update_package(tests.the('package'), messages => 200)).name, 'Starter', 'update_package: omitted parameters → unchanged');
select throws_ok(format('select public.update_package(%L)', gen_random_uuid()), 'RB404', null, 'update_package: an unknown package → RB-404');
select tests.sign_out();

select tests.sign_in(tests.the('customer'));
select isnt_empty('select from public.packages where id = tests.the(''package'')', 'admin: customers of the client see it');
select tests.sign_out();

select tests.sign_in(tests.the('admin'));
select is((public.archive_package(tests.the('package'))).is_active, false, 'update_package: → discontinued');
select throws_ok($$ select public.update_package(tests.the('package'), is_active => true) $$, 'RB400', null, '… for good');
select isnt_empty('select from public.packages where id = tests.the(''package'')', '… the admin still sees it');
select tests.sign_out();
select tests.sign_in(tests.the('customer'));
select is_empty('select from public.packages where id = tests.the(''package'')', '… customers do not');
select tests.sign_out();
select is((select count(*)::int from public.audit_events where subject_id = tests.the('package')), 4, 'admin: each step is audited');

select * from finish();
rollback;
