begin;
set local search_path = public, extensions, tests;
select plan(57);

create function pg_temp.problems(body text, channel text default 'sms') returns text language sql as $$
  select coalesce(string_agg(p, ' | '), 'none')
  from jsonb_array_elements_text(private.check_message_template(body, channel) -> 'problems') p
$$;
create function pg_temp.size(body text) returns text language sql as $$
  select concat_ws(' ', c ->> 'encoding', c ->> 'segments') from private.check_message_template(body, 'sms') c
$$;

-- what may be stored
select is(pg_temp.problems(E'Hi {{first_name}}, thanks for scheduling your appointment! \n\nHere''s your ${{amount}} {{brand}} gift card: {{code}}\n'
  '\nRedeem at: {{redemption_url}}\n\nQuestions? Reply HELP'), 'none', 'check_message_template: the template of the gift card document → ok');
select is(pg_temp.problems(body, channel), 'none', format('check_message_template: %s as %s → ok', body, channel))
from (values ('{{ code }}', 'sms'), ('{{Code}} {{PIN}}', 'sms'), (E'{{\tcode\u00a0}}', 'sms'), ('Your card: {{claim_url}}', 'sms'),
  (E'Hi {{first_name}}\r\n{{code}}', 'email'), ('{{code}} 🎁', 'sms'), ('Your {{value}} {{brand}} card', 'email_subject'),
  ('Thank you', 'email_subject')) t (body, channel);

-- unknown tags
select is(pg_temp.problems('{{code}} ' || body), format('{{%s}} is not a merge tag: did you mean {{%s}}?', written, meant),
  format('check_message_template: %s → did you mean {{%s}}?', body, meant))
from (values ('{{cod}}', 'cod', 'code'), ('{{first-name}}', 'first-name', 'first_name'), ('{{firstName}}', 'firstname', 'first_name'),
  ('{{ FisrtName }}', 'fisrtname', 'first_name'), ('{{claimurl}}', 'claimurl', 'claim_url'),
  ('{{expiry_date}}', 'expiry_date', 'expiration_date'), ('{{redemptionurl}}', 'redemptionurl', 'redemption_url')) t (body, written, meant);
select matches(pg_temp.problems('{{code}} {{}}'), '^\{\{\}\} is not a merge tag: did you mean ', 'check_message_template: {{}} → refused');
select is(pg_temp.problems('Your code: {{cod}} enjoy'), '{{cod}} is not a merge tag: did you mean {{code}}? | '
  'has neither {{code}} nor {{claim_url}}: the recipient would get no card', 'check_message_template: the code misspelt → both are said');

-- braces
select is(pg_temp.problems('Your code: {code} {{claim_url}}'), '{code} has single braces: did you mean {{code}}?',
  'check_message_template: {code} → did you mean {{code}}?');
select is(pg_temp.problems('{{code}} { firstname }'), '{firstname } has single braces: did you mean {{first_name}}?',
  'check_message_template: { firstname } → did you mean {{first_name}}?');
select matches(pg_temp.problems('{{code}} ' || body), 'brace that belongs to no merge tag near|single braces',
  format('check_message_template: %s → refused', body))
from (values ('{{code'), ('code}}'), ('{{{code}}}'), ('{{code}'), ('{{code} }'), ('{ {code}}'), ('{'), ('}'), (E'{{\ncode}}'), ('{{a{b}}}')) t (body);

-- without the card
select matches(pg_temp.problems(body, channel), 'has neither {{code}} nor {{claim_url}}', format('check_message_template: %L as %s → refused', body, channel))
from (values ('Hello', 'sms'), ('', 'sms'), ('PIN {{pin}}', 'sms'), ('See {{redemption_url}}', 'email'), ('{code}', 'sms'),
  ('Until {{claim_expires}}', 'email')) t (body, channel);
select matches(pg_temp.problems(body, 'email_subject'), 'has no place in a subject', format('check_message_template: %s in a subject → refused', body))
from (values ('{{code}}'), ('Your PIN: {{pin}}'), ('{{ Claim_URL }}')) t (body);

-- encodings and segments
select is(pg_temp.size(body), size, format('check_message_template: %s → %s', described, size))
from (values
  (repeat('a', 160 - 19 - 10) || '{{code}}', '160 characters', 'GSM-7 1'),
  (repeat('a', 161 - 19 - 10) || '{{code}}', '161 characters', 'GSM-7 2'),
  (repeat('a', 306 - 19 - 10) || '{{code}}', '306 characters', 'GSM-7 2'),
  (repeat('a', 307 - 19 - 10) || '{{code}}', '307 characters', 'GSM-7 3'),
  (repeat('€', 66) || '{{code}}', '66 of the extension, counted twice, and 29', 'GSM-7 2'),
  (repeat('é', 41) || 'ñ{{code}}', 'letters of GSM-7 with accents', 'GSM-7 1'),
  (repeat('ж', 70 - 19 - 10) || '{{code}}', '70 characters with Cyrillic letters', 'UCS-2 1'),
  (repeat('ж', 71 - 19 - 10) || '{{code}}', '71 characters with Cyrillic letters', 'UCS-2 2'),
  (repeat('🎁', 20) || '{{code}}', '20 emoji of two units and 29', 'UCS-2 1'),
  (repeat('🎁', 21) || '{{code}}', '21 emoji of two units and 29', 'UCS-2 2')) t (body, described, size);

-- 1,600 with the longest values: {{code}} 500, and a PIN line of 38
select is(private.check_message_template(repeat('a', 1062) || '{{code}}', 'sms') #>> '{longest,characters}', '1600',
  'check_message_template: a PIN line counts');
select is(pg_temp.problems(repeat('a', 1062) || '{{code}}'), 'none', 'check_message_template: 1,600 characters with the longest values → ok');
select is(pg_temp.problems(repeat('a', 1063) || '{{code}}'), 'may become 1601 characters long, and 1600 are the most: counted with the longest '
  'values, {{code}} 500', 'check_message_template: 1,601 → refused, and says how long it may become');
select is(pg_temp.problems(repeat('a', 1100) || '{{code}}', 'email'), 'none', 'check_message_template: an e-mail may be longer');
select matches(pg_temp.problems(repeat('a', 5000) || '{{code}}'), '^may become 5538 characters', 'check_message_template: 5,000 characters → refused');
select throws_ok($$ select private.check_message_template('{{code}}', 'fax') $$, 'RB400', null, 'check_message_template: an unknown channel → RB-400');

-- each tag alone
select is((select count(*)::int from private.merge_tags t where pg_temp.problems('{{code}} {{' || t.tag || '}}') <> 'none'), 0,
  'check_message_template: every merge tag → ok');
select is((select count(*)::int from private.merge_tags t where (private.sms_size(t.sample)).encoding <> 'GSM-7'), 0,
  'check_message_template: typical values need no other encoding');

select * from finish();
rollback;
