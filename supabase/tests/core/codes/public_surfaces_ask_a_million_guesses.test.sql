-- assert_code_entropy: unique codes of public surfaces leave a million wrong codes for each right one.
begin;
set local search_path = public, extensions, tests;
select plan(8);

select tests.keep(tests.create_promise(1));
select tests.keep('admin', tests.create_user('client_admin', tests.the('client')));
select is(private.public_guesses_per_hit(), 1000000::numeric, 'public_guesses_per_hit: a million');
select lives_ok('select private.assert_code_entropy(''****-****-****'', 100000000, private.public_guesses_per_hit())',
  'assert_code_entropy: the default pattern and 100,000,000 codes → ok');
select throws_ok('select private.assert_code_entropy(''*****'', 25, private.public_guesses_per_hit())', 'RB400', null,
  'assert_code_entropy: five characters, 25 codes, a public surface → RB-400');
select lives_ok('select private.assert_code_entropy(''*****'', 24, private.public_guesses_per_hit())',
  'assert_code_entropy: five characters, 24 codes, a public surface → ok');

select tests.sign_in(tests.the('admin'));
select throws_ok($$ select public.create_vouchers(tests.the('client'), 25, '{"type": "credit", "value": 5}', 'V-*****') $$, 'RB400', null,
  'create_vouchers: 25 vouchers of five characters → RB-400');
select lives_ok($$ select public.create_vouchers(tests.the('client'), 25, '{"type": "credit", "value": 5}', 'V-******') $$,
  'create_vouchers: 25 vouchers of six characters → ok');
select throws_ok($$ select public.import_recipients(tests.the('campaign'), '[{"firstName": "Ada", "phone": "+12025550100"}]', '****') $$,
  'RB400', null, 'import_recipients: codes of four characters → RB-400');
select tests.sign_out();
select cmp_ok(private.rows_about('public.recipient_codes'), '>=', (select count(*) from (select from public.recipient_codes limit 100000) c),
  'rows_about: a table → no fewer than are counted');

select * from finish();
rollback;
