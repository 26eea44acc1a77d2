begin;
set local search_path = public, extensions, tests;
select no_plan();

-- accents, case and look-alikes fold to their letter
select is(private.canonical_code(typed), form, format('canonical_code: %s → %s', typed, form)) from (values
  ('CAFÉ-2027', 'CAFE2027'), ('CAFE-2027', 'CAFE2027'), ('café 2027', 'CAFE2027'), (normalize('CAFÉ-2027', nfd), 'CAFE2027'),
  ('NOËL2027', 'N0E12027'), (normalize('noël2027', nfd), 'N0E12027'), ('NOEL2027', 'N0E12027'),
  ('İNDİRİM20', '1ND1R1M20'), ('indirim20', '1ND1R1M20'), ('ındırım20', '1ND1R1M20'), ('i̇ndi̇ri̇m20', '1ND1R1M20'),
  ('STRASSE-5', 'STRASSE5'), ('straße-5', 'STRASSE5'), ('STRAẞE-5', 'STRASSE5'), ('Ängström Ç', 'ANGSTR0MC'),
  ('ẬẾỖ-Ự', 'AE0V'), ('ÑANDÚ', 'NANDV')) as t (typed, form);

-- so do spaces, dashes, invisible characters, and letters of another width or font
select is(private.canonical_code(typed), 'SAVE2027', format('canonical_code: %s → SAVE2027', what)) from (values
  ('case', 'save2027'), ('NBSP', E'SAVE\u00a02027'), ('zero-width space', E'SA\u200bVE2027\u200b'), ('U+2011', E'SAVE\u20112027'),
  ('en dash', 'SAVE–2027'), ('em dash', 'SAVE—2027'), ('minus', 'SAVE−2027'), ('soft hyphen', E'SAVE\u00ad2027'),
  ('narrow space', E'SAVE\u202f2027'), ('ideographic space', E'SAVE\u30002027'), ('tab and line end', E'\tSAVE2027\r\n'),
  ('byte order mark', E'\ufeffSAVE2027'), ('direction marks', E'\u202dSAVE2027\u202c'), ('full width', 'ＳＡＶＥ－２０２７'),
  ('mathematical letters', '𝐒𝐀𝐕𝐄-𝟐𝟎𝟐𝟕'), ('mathematical script', '𝒮𝒜𝒱ℰ2027'), ('circled', 'ⓈⒶⓋⒺ②⓪②⑦'), ('O and 0', 'SAVE2O27'), ('U and V', 'SAUE2027')) as t (what, typed);

-- all else has no form, and above all not the form of what is left
select is(private.canonical_code(typed), null, format('canonical_code: %s → null', typed)) from unnest(array[
  'СКИДКА-2027', '🎁🎁2028', 'SALE-МОСКВА', 'абв-1234', 'A1B2С', 'ΑΒΓ-2027', '割引2027', 'SAVE٢٠٢٧', 'SAVE_10', 'SAVE 10%',
  '=HYPERLINK(A1)', '+SAVE2027', '@SAVE2027', 'SAVE;2027', '"SAVE2027"', '''SAVE2027', 'SAVE(2027)', 'SAVE,2027', 'SAVE.2027', 'SAVE´2027',
  'ŁÓDŹ2027', 'SMØRREBRØD', '1️⃣2️⃣3️⃣', E'SAVE\u00072027', 'й2027ABCD']) typed;
select is(private.canonical_code(''), '', 'canonical_code: an empty text → an empty form, which no code has');

-- attempts of texts without a canonical form have distinct fingerprints, and never fail
select isnt(private.code_fingerprint('СКИДКА-2027'), null, 'code_fingerprint: a text without a form → a fingerprint');
select isnt(private.code_fingerprint('СКИДКА-2027'), private.code_fingerprint('2027'), 'code_fingerprint: it is not that of the rest');
select isnt(private.code_fingerprint(null), null, 'code_fingerprint: nothing → a fingerprint');
select is(private.code_fingerprint('cafe2027'), private.code_fingerprint('CAFÉ-2027'), 'code_fingerprint: one form → one fingerprint');
select ok(private.attempt_keys(tests.request(ip => '203.0.113.7'), '🎁') ?& array['ip', 'code', 'prefix']
  and not private.attempt_keys(tests.request(ip => '203.0.113.7'), '🎁') @> '{"code": null}', 'attempt_keys: a text without a form → all keys');

-- as it is stored
select is(private.printed_code(E' \u200bSpring\u00a0 \u201126\u200b '), 'Spring -26', 'printed_code: odd spaces and dashes → plain ones');
select is(private.canonical_code(private.printed_code(typed)), private.canonical_code(typed), 'printed_code: the form stays: ' || typed)
from unnest(array[E'SAVE\u20112027', 'ＳＡＶＥ－２０２７', 'i̇ndi̇ri̇m20']) typed;

-- chosen codes
create function pg_temp.refusal(code text, gives_value boolean default true) returns text language plpgsql as $$
declare
  detail text;
begin
  perform private.assert_chosen_code(code, gives_value);
  return 'ok';
exception when others then
  get stacked diagnostics detail = pg_exception_detail;
  return concat_ws(' ', sqlstate, detail::jsonb ->> 'field', detail::jsonb ->> 'characters', detail::jsonb ->> 'minimumLength');
end $$;
select is(pg_temp.refusal(code, gives_value), refusal, format('assert_chosen_code: %s → %s', code, refusal)) from (values
  ('SPRING-26', true, 'ok'), ('CAFÉ-2027', true, 'ok'), ('SAVE-10', true, 'RB400 code 8'), ('SAVE-10', false, 'ok'), ('VIP', false, 'ok'),
  ('AB', false, 'RB400 code 3'), ('1234', false, 'RB400 code 3'), ('1234', true, 'RB400 code 8'), ('12345678', true, 'RB400 code 8'),
  ('1234-5678-9012-LOIL', true, 'RB400 code 8'), ('A2345678', true, 'ok'),
  ('СКИДКА-2027', true, 'RB400 code ["С", "К", "И", "Д", "А"]'), ('🎁🎁2028', true, 'RB400 code ["🎁"]'),
  ('=HYPERLINK(A1)', true, 'RB400 code ["=", "(", ")"]'), ('SAVE 10%', false, 'RB400 code ["%"]'),
  ('-SAVE-2027', true, 'RB400 code'), ('–SAVE-2027', true, 'RB400 code'), (E'\u200b-SAVE-2027', true, 'RB400 code'),
  (repeat('SAVE-', 17), true, 'RB400 code'), ('SAVE2027' || repeat('-', 130), true, 'RB400 code')) as t (code, gives_value, refusal);
select is(pg_temp.refusal('+SAVE2027'), 'RB400 code ["+"]', 'assert_chosen_code: a formula → RB-400');

-- and by a pattern
select throws_ok(format('select private.assert_code_entropy(%L, 1)', pattern), 'RB400', null, 'assert_code_entropy: ' || left(pattern, 20) || ' → RB-400')
from unnest(array['абв-****-****', '🎁-****-****', '=****-****', '-****-****', '****_****', repeat('*', 65), repeat('*', 513), 'A' || repeat('-', 513) || '********']) pattern;
select throws_ok('select private.assert_code_entropy(null, 1)', 'RB400', null, 'assert_code_entropy: no pattern → RB-400');
select lives_ok('select private.assert_code_entropy(''Café-****-****'', 1)', 'assert_code_entropy: an accent → ok');

select * from finish();
rollback;
