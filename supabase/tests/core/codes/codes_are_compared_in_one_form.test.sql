begin;
set local search_path = public, extensions, tests;
select plan(16);

select is(private.canonical_code('abcd-2345'), 'ABCD2345', 'Case and dashes do not count');
select is(private.canonical_code(E' ab\tcd  23 45\n'), 'ABCD2345', 'Nor spaces of any kind');
select is(private.canonical_code('ＡＢＣＤ２３４５'), 'ABCD2345', 'Full-width signs are the narrow ones');
select is(private.canonical_code('oO0-iIlL1-uUvV'), '000' || '11111' || 'VVVV',
  'Look-alikes are one: O and 0, I, L and 1, U and V');
select is(private.canonical_code('ﬀ'), 'FF', 'A ligature is its letters');
select is(private.canonical_code('AB—CD–23'), 'ABCD23', 'Nor any other dash');
select is(private.canonical_code('AB•CD'), null, 'Another sign is not dropped: such a text is no code');
select is(private.canonical_code(E'AB\u200bCD'), 'ABCD', 'Nor what cannot be seen');
select is(private.canonical_code('🎁'), null, 'A text of nothing that a code has is no code');
select is(private.canonical_code(null), null, 'No code is no code');
select is_empty($$ select c from private.generate_codes('****-####-YYYY', 200) c
  where private.canonical_code(private.canonical_code(c)) <> private.canonical_code(c) $$,
    'The form of the form is the form');
select is(private.canonical_code('  '), '', 'Nor is one of spaces');

-- recipients
select tests.keep('campaign', tests.create_campaign(tests.create_client(), tests.create_brand()));
select tests.keep('recipient', tests.create_recipients(tests.the('campaign')));
update public.recipient_codes set redemption_token = 'Look-Alike-01' where recipient_id = tests.the('recipient');
select is((select redemption_code from public.recipients where id = tests.the('recipient')),
  private.canonical_code('look alike O1'), 'A recipient''s code is kept in its form');
select tests.keep('other', tests.create_recipients(tests.the('campaign')));
select throws_ok('update public.recipient_codes set redemption_token = ''l00KALIKEol'' where recipient_id = tests.the(''other'')',
  '23505', null, 'Two codes that look alike cannot be');
select throws_ok('update public.recipient_codes set redemption_token = ''A-B-C-D'' where recipient_id = tests.the(''other'')', '23514',
  null, 'A code of less than five signs cannot be');
select lives_ok('update public.recipient_codes set redemption_token = ''A2B-C5'' where recipient_id = tests.the(''other'')',
  'One of five can');
select * from finish();
rollback;
