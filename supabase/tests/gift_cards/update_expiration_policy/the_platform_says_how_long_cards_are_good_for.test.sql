begin;
set local search_path = public, extensions, tests;
select plan(6);

select tests.keep('brand', tests.create_brand());
select tests.keep('platform_admin', tests.create_user('platform_admin'));
select tests.keep('admin', tests.create_user('client_admin', tests.create_client()));

select tests.sign_in(tests.the('platform_admin'));
select row_eq('select expiration_policy, valid_days from public.update_expiration_policy(tests.the(''brand''), ''A year'', 365)',
  row('A year'::text, 365), 'A policy has words and days');
select is((public.update_expiration_policy(tests.the('brand'), 'Never')).valid_days, null, 'No days: the cards do not expire');
select throws_ok('select public.update_expiration_policy(gen_random_uuid(), ''Never'')', 'RB404', null, 'RB-404: no such brand');
select throws_matching('select public.update_expiration_policy(tests.the(''brand''), ''At once'', 0)',
  '^valid_days must be from 1 to 36500$', 'A card is good for a day at least');
select tests.sign_out();
select tests.sign_in(tests.the('admin'));
select throws_ok('select public.update_expiration_policy(tests.the(''brand''), ''Never'')', 'RB404', null,
  'RB-404: brands are the platform''s');
select tests.sign_out();
select is((select count(*)::int from public.audit_events where subject_id = tests.the('brand')
  and action = 'brand.expiration_policy_updated' and actor_id = tests.the('platform_admin')), 2, 'The audit says who set it');

select * from finish();
rollback;
