-- Domains of e-mail addresses in one form. An internationalized domain has two spellings, münchen.de and xn--mnchen-3ya.de; both
-- are one mailbox (RFC 5891), so domains are compared in the second one (Punycode, RFC 3492).

-- The bias of the next number that Punycode writes (RFC 3492, 6.1).
create function private.punycode_bias(delta int, written int, is_first boolean)
returns int language plpgsql immutable set search_path = '' as $$
declare
  rest int := case when is_first then delta / 700 else delta / 2 end;
  bias int := 0;
begin
  rest := rest + rest / written;
  while rest > 455 loop
    rest := rest / 35;
    bias := bias + 36;
  end loop;
  return bias + 36 * rest / (rest + 38);
end $$;

-- A number in the digits of Punycode, a to z and 0 to 9, the lowest first (RFC 3492, 6.3).
create function private.punycode_number(number int, bias int)
returns text language plpgsql immutable set search_path = '' as $$
declare
  digits constant text := 'abcdefghijklmnopqrstuvwxyz0123456789';
  threshold int;
  base int := 36;
  written text := '';
begin
  loop
    threshold := least(greatest(base - bias, 1), 26);
    exit when number < threshold;
    written := written || substr(digits, 1 + threshold + (number - threshold) % (36 - threshold), 1);
    number := (number - threshold) / (36 - threshold);
    base := base + 36;
  end loop;
  return written || substr(digits, 1 + number, 1);
end $$;

-- One label of a domain: as it is, or xn-- and its letters in Punycode.
create function private.ascii_label(label text)
returns text language plpgsql immutable set search_path = '' as $$
declare
  points int[] := array(select ascii(c) from string_to_table(label, null) c);
  plain text := regexp_replace(label, '[^\x01-\x7f]', '', 'g');
  written int := length(plain);
  label_ascii text := case when plain <> '' then plain || '-' else '' end;
  lowest int := 128;
  delta int := 0;
  bias int := 72;
  point int;
begin
  if written = length(label) then
    return label;
  end if;
  while written < length(label) loop
    delta := delta + ((select min(p) from unnest(points) p where p >= lowest) - lowest) * (written + 1);
    lowest := (select min(p) from unnest(points) p where p >= lowest);
    foreach point in array points loop
      if point < lowest then
        delta := delta + 1;
      elsif point = lowest then
        label_ascii := label_ascii || private.punycode_number(delta, bias);
        bias := private.punycode_bias(delta, written + 1, written = length(plain));
        delta := 0;
        written := written + 1;
      end if;
    end loop;
    delta := delta + 1;
    lowest := lowest + 1;
  end loop;
  return 'xn--' || label_ascii;
end $$;

-- A domain in the form in which domains are compared.
create function private.ascii_domain(domain text)
returns text language plpgsql immutable set search_path = '' as $$
begin
  domain := lower(domain);
  if domain ~ '[^\x01-\x7f]' and length(domain) <= 253 then
    domain := (
      select string_agg(private.ascii_label(l.label), '.' order by l.place)
      from string_to_table(normalize(domain, nfkc), '.') with ordinality as l (label, place));
  end if;
  return domain;
end $$;

-- A domain as a caller names it, in that form; what is none is refused by name.
create function private.parse_domain(given text, field text)
returns text language plpgsql immutable set search_path = '' as $$
declare
  domain text := private.ascii_domain(ltrim(private.trimmed(given), '@'));
begin
  if given ~ '\*' then
    perform private.refuse_field(field, 'must be one domain such as acme.com; name each subdomain without *');
  elsif given ~ '[:/]' then
    perform private.refuse_field(field, 'must be a domain such as acme.com, without https:// and /');
  elsif position('@' in domain) > 0 then
    perform private.refuse_field(field, 'must be a domain such as acme.com and not an address');
  elsif length(domain) > 253 or domain !~ '^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]$' then
    perform private.refuse_field(field, 'must be a domain such as acme.com');
  end if;
  return domain;
end $$;
