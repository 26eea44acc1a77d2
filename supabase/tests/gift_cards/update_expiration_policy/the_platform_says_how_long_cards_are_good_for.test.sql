begin;
set local search_path = public, extensions, tests;
select plan(6);

select tests.keep('brand', tests.create_brand());
select tests.keep('platform_admin', tests.create_user('platform_admin'));
select tests.keep('admin', tests.create_user('client_admin', tests.create_client()));

select tests.sign_in(tests.the('platform_admin'));
select row_eq('select expiration_policy, valid_days from public.update_expiration_policy(tests.the(''brand''), ''A year'', 365)',
  row('A year'::text, 365), 'update_expiration_policy: a policy → words and days');
select is((public.update_expiration_policy(tests.the('brand'), 'Never')).valid_days, null, 'update_expiration_policy: no days → cards do not expire');
select throws_ok('select public.update_expiration_policy(gen_random_uuid(), ''Never'')', 'RB404', null, 'update_expiration_policy: an unknown brand → RB-404');
select throws_matching('select public.update_expiration_policy(tests.the(''brand''), ''At once'', 0)',
  '^valid_days must be from 1 to 36500$', 'update_expiration_policy: less than a day → refused');
select tests.sign_out();
select tests.sign_in(tests.the('admin'));
select throws_ok('select public.update_expiration_policy(tests.the(''brand''), ''Never'')', 'RB404', null,
  'update_expiration_policy: a client admin → RB-404');
select tests.sign_out();
select is((select count(*)::int from public.audit_events where subject_id = tests.the('brand')
  and action = 'brand.expiration_policy_updated' and actor_id = tests.the('platform_admin')), 2, 'update_expiration_policy: audited with the actor');

select * from finish();
rollback;
