-- Phone numbers and e-mail addresses as people write them. A number becomes E.164 where its country can be known: from the number
-- itself, or from the country in which it is written as a national one. Everything else is refused by name, never guessed.

-- National numbers of a country: their length without the trunk prefix, and the prefix if there is one. Numbers of other countries are
-- read in international notation only.
create table private.national_numbers (
  country text primary key,
  trunk_prefix text not null,
  shortest int not null,
  longest int not null,
  constraint national_numbers_have_a_length check (shortest between 5 and longest and longest <= 14)
);
comment on table private.national_numbers is
  'Digits of a national number by country (national numbering plans, ITU-T E.129), without its trunk prefix.';

insert into private.national_numbers (country, trunk_prefix, shortest, longest)
select split_part(e, ':', 1), split_part(e, ':', 2), split_part(e, ':', 3)::int, split_part(e, ':', 4)::int
from string_to_table('GB:0:9:10 IE:0:7:10 DE:0:6:12 AT:0:6:13 CH:0:9:9 FR:0:9:9 NL:0:9:9 BE:0:8:9 SE:0:7:10 FI:0:6:11 AU:0:9:9 '
  'NZ:0:8:10 ZA:0:9:9 IN:0:10:10 JP:0:9:10 KR:0:8:10 IL:0:8:9 TR:0:10:10 BR:0:10:11 ES::9:9 PT::9:9 NO::8:8 DK::8:8 PL::9:9 CZ::9:9 '
  'GR::10:10 LU::5:11 SG::8:8 HK::8:8 MX::10:10', ' ') e;

-- The digits of a number, without separators and copied marks; null if it has other characters.
create function private.phone_digits(given text)
returns text language plpgsql immutable set search_path = '' as $$
declare
  written text := regexp_replace(normalize(private.trimmed(given), nfkc),
    '[' || private.code_invisibles() || ']', '', 'g');
begin
  written := regexp_replace(written, '[' || private.code_spaces() || ']', ' ', 'g');
  written := regexp_replace(written, '[' || private.code_dashes() || ']', '-', 'g');
  if written !~ '^\(?\+?[0-9 ()./-]+$' or length(written) > 40 then
    return null;
  end if;
  -- the trunk prefix, which is dialed inside the country only
  written := regexp_replace(written, '^(\(?(?:\+|00|011)[0-9 ]+)\(0\)', '\1');
  return regexp_replace(written, '[^0-9+]', '', 'g');
end $$;

-- A number as E.164, read as dialed in a country unless it is international; null if it cannot be read.
create function private.read_phone(given text, country text)
returns text language plpgsql stable set search_path = '' as $$
declare
  digits text := private.phone_digits(given);
  plan private.national_numbers;
begin
  if digits ~ '^(00|011)[1-9]' and (left(digits, 2) = '00' or country in ('US', 'CA')) then
    digits := '+' || regexp_replace(digits, '^(00|011)', '');
  elsif country in ('US', 'CA') and digits ~ '^1?[2-9][0-9]{2}[2-9][0-9]{6}$' then
    digits := '+1' || right(digits, 10);
  elsif left(digits, 1) <> '+' then
    select n.* into plan from private.national_numbers n where n.country = read_phone.country;
    digits := '+' || (
      select d.code from private.dialing_codes d where d.country = plan.country order by length(d.code) limit 1)
      || substr(digits, 1 + length(plan.trunk_prefix))
      where starts_with(digits, plan.trunk_prefix) and length(digits) - length(plan.trunk_prefix) between plan.shortest and plan.longest;
  end if;
  -- mobile numbers of Mexico had a 1 until 2019
  digits := regexp_replace(digits, '^\+521([0-9]{10})$', '+52\1');
  return case when digits ~ '^\+[1-9][0-9]{6,14}$' and digits !~ '^\+1(?![2-9][0-9]{2}[2-9][0-9]{6}$)' then digits end;
end $$;

-- A phone number as E.164; null stays null.
create function private.parse_phone(given text, field text, country text)
returns text language plpgsql stable set search_path = '' as $$
declare
  phone text := private.read_phone(given, country);
begin
  if phone is null and given is not null then
    perform private.refuse_field(field, 'must be one phone number, in international form such as +12025550123 or as it is dialed in '
      || coalesce(country, 'its country'));
  end if;
  return phone;
end $$;

-- One e-mail address, trimmed and in lower case; null if it is none.
create function private.read_email(given text)
returns text language plpgsql immutable set search_path = '' as $$
declare
  address text := lower(private.trimmed(given));
begin
  return case when length(address) <= 254 and address ~ '^[^@\s,;<>"()=]+@([^@\s,;<>".()-]([^@\s,;<>".()]*[^@\s,;<>".()-])?\.)+[^@\s,;<>".()-]{2,}$'
    then address end;
end $$;

create function private.parse_email(given text, field text)
returns text language plpgsql stable set search_path = '' as $$
declare
  address text := private.read_email(given);
begin
  if address is null and given is not null then
    perform private.refuse_field(field, 'must be one e-mail address such as jo@acme.com');
  end if;
  return address;
end $$;

-- The country of a client's national numbers.
create function private.country_of(client_id uuid)
returns text language sql stable set search_path = '' as $$
  select c.country from public.clients c where c.id = country_of.client_id
$$;

-- The canonical form of an address of a channel; an unreadable address is returned unchanged, for the check that follows.
create function private.read_address(given text, channel text, client_id uuid)
returns text language plpgsql stable set search_path = '' as $$
begin
  return coalesce(case channel when 'sms' then private.read_phone(given, private.country_of(client_id))
    when 'email' then private.read_email(given) end, given);
end $$;

-- The same, refused by name where it cannot be read; null stays null.
create function private.parse_address(given text, channel text, field text, client_id uuid)
returns text language plpgsql stable set search_path = '' as $$
begin
  return case channel when 'sms' then private.parse_phone(given, field, private.country_of(client_id))
    when 'email' then private.parse_email(given, field) else given end;
end $$;
