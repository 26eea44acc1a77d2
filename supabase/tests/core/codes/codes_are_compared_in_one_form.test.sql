begin;
set local search_path = public, extensions, tests;
select plan(16);

select is(private.canonical_code('abcd-2345'), 'ABCD2345', 'canonical_code: case and dashes are ignored');
select is(private.canonical_code(E' ab\tcd  23 45\n'), 'ABCD2345', 'canonical_code: spaces of any kind are ignored');
select is(private.canonical_code('ＡＢＣＤ２３４５'), 'ABCD2345', 'canonical_code: full-width characters → their narrow forms');
select is(private.canonical_code('oO0-iIlL1-uUvV'), '000' || '11111' || 'VVVV',
  'canonical_code: look-alikes are one: O and 0, I, L and 1, U and V');
select is(private.canonical_code('ﬀ'), 'FF', 'canonical_code: a ligature → its letters');
select is(private.canonical_code('AB—CD–23'), 'ABCD23', 'canonical_code: any other dash is ignored');
select is(private.canonical_code('AB•CD'), null, 'canonical_code: another character is not dropped → null');
select is(private.canonical_code(E'AB\u200bCD'), 'ABCD', 'canonical_code: invisible characters are ignored');
select is(private.canonical_code('🎁'), null, 'canonical_code: no valid character → null');
select is(private.canonical_code(null), null, 'canonical_code: null → null');
select is_empty($$ select c from private.generate_codes('****-####-YYYY', 200) c
  where private.canonical_code(private.canonical_code(c)) <> private.canonical_code(c) $$,
    'canonical_code: a canonical form → itself');
select is(private.canonical_code('  '), '', 'canonical_code: spaces → null');

-- recipients
select tests.keep('campaign', tests.create_campaign(tests.create_client(), tests.create_brand()));
select tests.keep('recipient', tests.create_recipients(tests.the('campaign')));
update public.recipient_codes set redemption_token = 'Look-Alike-01' where recipient_id = tests.the('recipient');
select is((select redemption_code from public.recipients where id = tests.the('recipient')),
  private.canonical_code('look alike O1'), 'recipient_codes: a code is stored in canonical form');
select tests.keep('other', tests.create_recipients(tests.the('campaign')));
select throws_ok('update public.recipient_codes set redemption_token = ''l00KALIKEol'' where recipient_id = tests.the(''other'')',
  '23505', null, 'recipient_codes: two codes with one canonical form → refused');
select throws_ok('update public.recipient_codes set redemption_token = ''A-B-C-D'' where recipient_id = tests.the(''other'')', '23514',
  null, 'recipient_codes: a code of fewer than five characters → refused');
select lives_ok('update public.recipient_codes set redemption_token = ''A2B-C5'' where recipient_id = tests.the(''other'')',
  'recipient_codes: a code of five characters → accepted');
select * from finish();
rollback;
