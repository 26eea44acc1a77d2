begin;
set local search_path = public, extensions, tests;
select plan(8);

select tests.keep('brand', tests.create_brand());
select tests.keep('platform', tests.create_user('platform_admin'));
select tests.keep('agency_admin', tests.create_user('agency_admin', tests.create_client()));
select tests.keep('pool', tests.create_pool(null, tests.the('brand'), 0));
select is((tests.upload_target(tests.the('pool'), null) #>> '{result,codeCaseMatters}')::boolean, false,
  'get_upload_target: case does not count by default');

select tests.sign_in(tests.the('platform'));
select ok((public.update_brand_code_case(tests.the('brand'), true)).code_case_matters, 'update_brand_code_case: a platform admin sets it');
select throws_ok(format('select public.update_brand_code_case(%L, true)', gen_random_uuid()), 'RB404', null,
  'update_brand_code_case: an unknown brand → RB-404');
select tests.sign_out();
select is((tests.upload_target(tests.the('pool'), null) #>> '{result,codeCaseMatters}')::boolean, true,
  'get_upload_target: says that case counts');
select isnt_empty($$ select from public.audit_events where subject_id = tests.the('brand')
  and metadata = '{"code_case_matters": true}' and actor_id = tests.the('platform') $$, 'update_brand_code_case: audited');

select tests.add_cards(tests.the('pool'), 1);
select tests.sign_in(tests.the('platform'));
select throws_ok(format('select public.update_brand_code_case(%L, false)', tests.the('brand')), 'RB400', null,
  'update_brand_code_case: a brand that has cards → RB-400');
select lives_ok(format('select public.update_brand_code_case(%L, true)', tests.the('brand')), '… but what is set may be said again');
select tests.sign_in(tests.the('agency_admin'));
select throws_ok(format('select public.update_brand_code_case(%L, true)', tests.the('brand')), 'RB404', null,
  'update_brand_code_case: an agency admin → RB-404');
select tests.sign_out();

select * from finish();
rollback;
