begin;
set local search_path = public, extensions, tests;
select plan(16);

select tests.keep('client', tests.create_client());
select tests.keep('admin', tests.create_user('client_admin', tests.the('client')));
select tests.keep('customer', tests.create_user('customer', tests.the('client')));

select tests.sign_in(tests.the('admin'));
select tests.keep('package', (public.create_package(tests.the('client'), 'Starter', 49, 30, 100)).id);
select results_eq($$ select name, price, currency, duration_days, messages, bizcoin_value, is_active from public.packages
    where id = tests.the('package') $$, $$ values ('Starter', 49.00, 'USD', 30, 100, 1.00, true) $$, 'A package is offered');
select throws_ok($$ select public.create_package(tests.the('client'), 'Yen', 49.50, 30, 100, 'JPY') $$, 'RB400', null,
  'A price that cannot be charged is refused');
select throws_ok($$ select public.create_package(tests.the('client'), 'Odd', 49, 30, 100, 'XTS') $$, 'RB400', null,
  'A currency that cannot be charged as well');
select throws_ok($$ select public.create_package(tests.the('client'), 'Palace', 1000000, 30) $$, 'RB400', null,
  'And one with more digits than the processor takes');
select throws_ok($$ select public.create_package(tests.the('client'), 'Yen', 49, 30, 100, 'JPY', null, 0.4) $$, 'RB400', null,
  'A bizcoin that pays less than the smallest coin');
select lives_ok($$ select public.create_package(tests.the('client'), 'Yen', 99999999, 30, 100, 'JPY', null, 0.5) $$,
  'The largest price, and the smallest bizcoin');
select throws_ok($$ select public.create_package(tests.the('client'), 'Free', -1, 30, 100) $$, 'RB400', null,
  'No price is below nothing');
select is((public.update_package(tests.the('package'), price => 59)).price, 59.00, 'It is changed');
select is((public.update_package(tests.the('package'), messages => 200)).name, 'Starter', 'What is left out stays');
select throws_ok(format('select public.update_package(%L)', gen_random_uuid()), 'RB404', null, 'An unknown one is not found');
select tests.sign_out();

select tests.sign_in(tests.the('customer'));
select isnt_empty('select from public.packages where id = tests.the(''package'')', 'Customers of the client see it');
select tests.sign_out();

select tests.sign_in(tests.the('admin'));
select is((public.archive_package(tests.the('package'))).is_active, false, 'It is taken off the shelf');
select throws_ok($$ select public.update_package(tests.the('package'), is_active => true) $$, 'RB400', null, 'For good');
select isnt_empty('select from public.packages where id = tests.the(''package'')', 'Its admin still sees it');
select tests.sign_out();
select tests.sign_in(tests.the('customer'));
select is_empty('select from public.packages where id = tests.the(''package'')', 'Customers do not');
select tests.sign_out();
select is((select count(*)::int from public.audit_events where subject_id = tests.the('package')), 4, 'Each step is audited');

select * from finish();
rollback;
