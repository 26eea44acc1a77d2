begin;
set local search_path = public, extensions, tests;
select plan(17);

select is(length(private.code_alphabet()), 30, 'codes: the alphabet has thirty characters');
select is_empty($$ select c from regexp_split_to_table(private.code_alphabet(), '') c group by c having count(*) > 1 $$,
  '… each once');
select is_empty($$ select c from regexp_split_to_table(private.code_alphabet(), '') c
  where c ~ '[01OILU]' or c <> private.canonical_code(c) $$,
  '… none that looks like another');

select matches(private.generate_code(), '^[2-9A-HJKMNP-TV-Z]{4}(-[2-9A-HJKMNP-TV-Z]{4}){2}$',
  'generate_code: → three groups of four');
select matches(private.generate_code('ORG-YYYY-####'), '^ORG-' || to_char(now(), 'YYYY') || '-[2-9]{4}$',
  'generate_code: a pattern → digits, the year and its fixed characters');
select is((select count(distinct c)::int from private.generate_codes('********', 10000) c), 10000,
  'generate_codes: ten thousand at once → ten thousand different codes');
select is_empty($$ select from private.generate_codes('***#', 500) c where c !~ '^[2-9A-HJKMNP-TV-Z]{3}[2-9]$' $$,
  '… each of them fits the pattern');
select is((select count(distinct substr(c, 1, 1))::int from private.generate_codes('****', 2000) c), 30,
  '… every character occurs');
select cmp_ok((select max(n) from (select count(*) as n from private.generate_codes('*', 30000) c group by c) x), '<',
  1250::bigint, '… none much more often than others');
select is_empty('select private.generate_codes(''****'', 0)', 'generate_codes: zero → none');

-- how many wrong codes there are for each right one
select is(private.code_space('****-****-****'), power(30::numeric, 12), 'code_space: a pattern → the number of its codes');
select is(private.code_space('ORG-YYYY-##'), 64::numeric, 'code_space: fixed parts do not count');
select lives_ok('select private.assert_code_entropy(''****-****-****'', 1000000)',
  'assert_code_entropy: a million codes of twelve characters → accepted');
select throws_ok('select private.assert_code_entropy(''*****'', 10000)', 'RB400', null,
  'assert_code_entropy: ten thousand codes of five characters → RB-400');
select lives_ok('select private.assert_code_entropy(''*****'', 2430)', 'assert_code_entropy: just enough codes …');
select throws_ok('select private.assert_code_entropy(''*****'', 2431)', 'RB400', null, '… and one more does not');
select throws_ok('select private.assert_code_entropy(''ORG-####'', 0)', 'RB400', null, 'assert_code_entropy: four digits → RB-400');

select * from finish();
rollback;
