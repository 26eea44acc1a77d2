-- Codes that people read, type and say aloud: redemption tokens, vouchers, promo codes.
-- Made from a CSPRNG in an alphabet without look-alikes; compared in one canonical form, so that case, spaces, dashes
-- and O/0, I/L/1, U/V never decide; a pattern must leave a guesser enough wrong codes for each right one.

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

create function private.canonical_code(code text)
returns text language plpgsql immutable set search_path = '' as $$
begin
  return translate(
    regexp_replace(upper(normalize(code, nfkc)), '[^A-Z0-9]', '', 'g'), 'OILU', '011V');
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

create function private.assert_code_entropy(pattern text, live_codes bigint, guesses_per_hit numeric default 10000)
returns void language plpgsql immutable set search_path = '' as $$
begin
  if private.code_space(pattern) < guesses_per_hit * greatest(live_codes, 1) then
    perform private.refuse('RB-400', 'The code pattern leaves too few codes to hide among; make it longer', jsonb_build_object(
      'pattern', pattern, 'codes', private.code_space(pattern), 'liveCodes', live_codes));
  end if;
end $$;
