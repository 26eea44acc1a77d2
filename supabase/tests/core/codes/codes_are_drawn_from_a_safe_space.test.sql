begin;
set local search_path = public, extensions, tests;
select plan(17);

select is(length(private.code_alphabet()), 30, 'The alphabet has thirty signs');
select is_empty($$ select c from regexp_split_to_table(private.code_alphabet(), '') c group by c having count(*) > 1 $$,
  'Each once');
select is_empty($$ select c from regexp_split_to_table(private.code_alphabet(), '') c
  where c ~ '[01OILU]' or c <> private.canonical_code(c) $$,
  'None that looks like another');

select matches(private.generate_code(), '^[2-9A-HJKMNP-TV-Z]{4}(-[2-9A-HJKMNP-TV-Z]{4}){2}$',
  'A code has three groups of four');
select matches(private.generate_code('ORG-YYYY-####'), '^ORG-' || to_char(now(), 'YYYY') || '-[2-9]{4}$',
  'A pattern has digits, the year and itself');
select is((select count(distinct c)::int from private.generate_codes('********', 10000) c), 10000,
  'Ten thousand codes at once are ten thousand');
select is_empty($$ select from private.generate_codes('***#', 500) c where c !~ '^[2-9A-HJKMNP-TV-Z]{3}[2-9]$' $$,
  'Each of them fits the pattern');
select is((select count(distinct substr(c, 1, 1))::int from private.generate_codes('****', 2000) c), 30,
  'Every sign comes up');
select cmp_ok((select max(n) from (select count(*) as n from private.generate_codes('*', 30000) c group by c) x), '<',
  1250::bigint, 'And none much more often than others');
select is_empty('select private.generate_codes(''****'', 0)', 'No codes are no codes');

-- how many wrong codes there are for each right one
select is(private.code_space('****-****-****'), power(30::numeric, 12), 'The space of a pattern');
select is(private.code_space('ORG-YYYY-##'), 64::numeric, 'Its fixed parts do not count');
select lives_ok('select private.assert_code_entropy(''****-****-****'', 1000000)',
  'A million codes hide among twelve signs');
select throws_ok('select private.assert_code_entropy(''*****'', 10000)', 'RB400', null,
  'Ten thousand do not hide among five');
select lives_ok('select private.assert_code_entropy(''*****'', 2430)', 'So many do …');
select throws_ok('select private.assert_code_entropy(''*****'', 2431)', 'RB400', null, '… and one more does not');
select throws_ok('select private.assert_code_entropy(''ORG-####'', 0)', 'RB400', null, 'Four digits never do');

select * from finish();
rollback;
