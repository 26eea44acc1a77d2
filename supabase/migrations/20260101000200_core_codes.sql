-- Codes that people read, type and say aloud: redemption tokens, vouchers, promo codes.
-- Made from a CSPRNG in an alphabet without look-alikes; compared in one canonical form, so that case, accents, spaces, dashes
-- and O/0, I/L/1, U/V never decide; a pattern must leave a guesser enough wrong codes for each right one.
-- The canonical form discards nothing that it does not know: a text with any other character has no form (null). Such a code
-- is refused when it is made and matches nothing when it is typed.

create table private.settings (
  name text primary key,
  value bytea not null
);
comment on table private.settings is 'Secrets of this database, made with it.';

-- With the pepper a leaked table of fingerprints cannot be turned back into short codes or addresses.
insert into private.settings (name, value) values ('pepper', extensions.gen_random_bytes(32));

create function private.fingerprint(content text)
returns text language plpgsql stable set search_path = '' as $$
begin
  return (
    select encode(extensions.hmac(convert_to(content, 'UTF8'), s.value, 'sha256'), 'hex')
    from private.settings s where s.name = 'pepper');
end $$;

-- Classes of characters, as the inside of a bracket expression: written by code point, because what a locale calls a space or
-- a letter differs between servers, and stored canonical forms must not.
create function private.code_dashes()
returns text language sql immutable set search_path = '' as $$
  select '\u002d\u02d7\u058a\u05be\u1400\u1806\u2010-\u2015\u2043\u2212\u2e17\u2e1a\u2e3a\u2e3b\u2e40\u301c\u3030\u30a0'
$$;

create function private.code_spaces()
returns text language sql immutable set search_path = '' as $$
  select '\u0009-\u000d\u0020\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000'
$$;

create function private.code_invisibles()
returns text language sql immutable set search_path = '' as $$
  select '\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufe00-\ufe0f\ufeff'
$$;

-- The form in which codes are compared, or null for a text with a character that no code has. ß is two letters, as in capitals.
create function private.canonical_code(code text)
returns text language plpgsql immutable set search_path = '' as $$
declare
  letters text := code;
begin
  -- plain codes, which nearly all are, need none of this
  if letters ~ '[^A-Za-z0-9 -]' then
    letters := replace(replace(replace(normalize(letters, nfkd), 'ß', 'ss'), 'ẞ', 'ss'), 'ı', 'i');
    -- an accent on a Latin letter; one on anything else stays, and is not known
    letters := regexp_replace(letters, '([A-Za-z])[\u0300-\u036f]+', '\1', 'g');
    letters := regexp_replace(
      letters, '[' || private.code_dashes() || private.code_spaces() || private.code_invisibles() || ']', '', 'g');
  end if;
  letters := translate(upper(letters), 'OILU -', '011V');
  return case when letters ~ '^[A-Z0-9]*$' then letters end;
end $$;

-- Identifies a typed text in attempts and limits, also one that has no canonical form.
create function private.code_fingerprint(code text)
returns text language plpgsql stable set search_path = '' as $$
begin
  return private.fingerprint(coalesce(private.canonical_code(code), 'as typed: ' || code, ''));
end $$;

-- A code as it is stored and printed: every dash a hyphen, every run of white space a space, nothing invisible.
create function private.printed_code(code text)
returns text language plpgsql immutable set search_path = '' as $$
begin
  code := regexp_replace(normalize(code, nfc), '[' || private.code_invisibles() || ']', '', 'g');
  code := regexp_replace(code, '[' || private.code_dashes() || ']', '-', 'g');
  return btrim(regexp_replace(code, '[' || private.code_spaces() || ']+', ' ', 'g'));
end $$;

create function private.refuse_code(problem text, field text, details jsonb default '{}')
returns void language plpgsql immutable set search_path = '' as $$
begin
  perform private.refuse('RB-400', problem, details || jsonb_build_object('field', field,
    'fields', jsonb_build_array(jsonb_build_object('field', field, 'problem', problem))));
end $$;

-- Refuses a text of which no code can be made, and names what is wrong: a field of its own for each use.
create function private.assert_code_characters(code text, field text)
returns void language plpgsql immutable set search_path = '' as $$
declare
  unknown text[] := array(
    select c from string_to_table(normalize(code, nfc), null) with ordinality as t (c, place)
    where private.canonical_code(c) is null group by c order by min(place));
begin
  if private.canonical_code(code) is null then
    perform private.refuse_code('A code has letters from A to Z, digits, spaces and dashes; these are others: '
      || array_to_string(unknown[:10], ' '), field, jsonb_build_object('characters', unknown[:10]));
  elsif private.canonical_code(left(private.printed_code(code), 1)) = '' then
    -- a spreadsheet takes a text that begins with a sign for a formula
    perform private.refuse_code('A code begins with a letter or a digit', field);
  elsif length(code) > 64 then
    perform private.refuse_code('A code has at most 64 characters', field);
  end if;
end $$;

-- Minimum strength of a chosen (not drawn) code: one that gives money or units must resist guesses of words and numbers, and a
-- shared discount code must not be hit by accident. I, L and O are digits here, as in the canonical form.
create function private.assert_chosen_code(code text, gives_value boolean)
returns void language plpgsql immutable set search_path = '' as $$
declare
  shortest int := case when gives_value then 8 else 3 end;
begin
  perform private.assert_code_characters(code, 'code');
  if length(private.canonical_code(code)) < shortest or private.canonical_code(code) !~ '[A-Z]' then
    perform private.refuse_code(case when gives_value then 'A code that gives money or units' else 'A chosen code' end
      || ' has at least ' || shortest || ' letters and digits, and one letter other than I, L and O', 'code',
      jsonb_build_object('minimumLength', shortest));
  end if;
end $$;

create function private.code_alphabet()
returns text language sql immutable set search_path = '' as $$
  select '23456789ABCDEFGHJKMNPQRSTVWXYZ'
$$;

-- Pattern: `*` any symbol of the alphabet, `#` a digit, `YYYY` the year, everything else stands for itself.
create function private.generate_codes(pattern text, how_many int)
returns setof text language plpgsql volatile set search_path = '' as $$
declare
  symbols text[] := string_to_array(replace(pattern, 'YYYY', to_char(now(), 'YYYY')), null);
  alphabet text[] := string_to_array(private.code_alphabet(), null);
  bytes bytea;
  code text;
  roll int;
begin
  -- symbol by symbol, because a set of a hundred thousand codes in parts would be sorted to be put together
  for n in 1..how_many loop
    bytes := extensions.gen_random_bytes(2 * cardinality(symbols));
    code := '';
    for place in 1..cardinality(symbols) loop
      roll := 256 * get_byte(bytes, 2 * place - 2) + get_byte(bytes, 2 * place - 1);
      code := code || case symbols[place]
        when '*' then alphabet[1 + roll % cardinality(alphabet)]
        when '#' then substr('23456789', 1 + roll % 8, 1)
        else symbols[place]
      end;
    end loop;
    return next code;
  end loop;
end $$;

create function private.generate_code(pattern text default '****-****-****')
returns text language sql volatile set search_path = '' as $$
  select private.generate_codes(pattern, 1)
$$;

create function private.code_space(pattern text)
returns numeric language sql immutable set search_path = '' as $$
  select power(30::numeric, length(pattern) - length(replace(pattern, '*', '')))
    * power(8::numeric, length(pattern) - length(replace(pattern, '#', '')))
$$;

-- The average number of guesses for one hit on public surfaces: from many addresses the rate limits let thousands through.
create function private.public_guesses_per_hit()
returns numeric language sql immutable set search_path = '' as $$
  select 1000000::numeric
$$;

-- About how many rows a table has, at a bounded cost: counted up to 100,000, beyond that as the planner knows it.
create function private.rows_about(relation regclass)
returns bigint language plpgsql stable set search_path = '' as $$
declare
  counted bigint;
begin
  execute format('select count(*) from (select from %s limit 100000) c', relation) into counted;
  return greatest(counted, (select c.reltuples::bigint from pg_catalog.pg_class c where c.oid = relation));
end $$;

-- Whether a pattern leaves enough codes even if the table were full of the shortest rows: known from the size of its file, without a
-- count. Only a short pattern needs the number of live codes.
create function private.is_long_enough(pattern text, relation regclass, how_many bigint, guesses_per_hit numeric)
returns boolean language plpgsql stable set search_path = '' as $$
begin
  -- a row has 24 bytes of header, 4 of pointer and at least one id
  return private.code_space(pattern) >= guesses_per_hit * (pg_relation_size(relation) / 44 + how_many);
end $$;

-- guesses_per_hit: 10,000 where only staff type codes, private.public_guesses_per_hit() elsewhere.
create function private.assert_code_entropy(pattern text, live_codes bigint, guesses_per_hit numeric default 10000)
returns void language plpgsql immutable set search_path = '' as $$
begin
  perform private.assert_code_characters(translate(coalesce(pattern, ''), '*#', 'X2'), 'pattern');
  if private.code_space(pattern) < guesses_per_hit * greatest(live_codes, 1) then
    perform private.refuse_code('The code pattern leaves too few codes to hide among; make it longer', 'pattern', jsonb_build_object(
      'codes', private.code_space(pattern), 'liveCodes', live_codes, 'guessesPerHit', guesses_per_hit));
  end if;
end $$;
