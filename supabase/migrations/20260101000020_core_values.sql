-- Values as callers write them. A day is YYYY-MM-DD and means the whole day in the client's time zone; a moment is ISO 8601
-- with an offset; an amount has no more decimals than its currency and stays below a stated bound. Everything else is refused
-- with the name of its field: a cast would also read "tomorrow", "infinity", 12/31/2027 and NaN, and round in silence.
-- supabase/functions/_shared/http/days.ts reads the same notations; tests/fixtures/times.json is run against both.

create function private.refuse_field(field text, problem text)
returns void language plpgsql set search_path = '' as $$
begin
  perform private.refuse('RB-400', field || ' ' || problem,
    jsonb_build_object('fields', jsonb_build_array(jsonb_build_object('field', field, 'problem', problem))));
end $$;

-- The name of an unknown field, as a message may repeat it: where a table without a header was read, it is a code, phone or address.
create function private.shown_name(name text)
returns text language plpgsql immutable set search_path = '' as $$
begin
  return case when name ~ '@|\d.*\d.*\d|[0-9A-Z]-[0-9A-Z]' then '(hidden)' else left(name, 64) end;
end $$;

-- How alike two words are, from 0 to 1: the share of the pairs of letters that they have in common.
create function private.likeness(one text, other text)
returns numeric language sql immutable set search_path = '' as $$
  select coalesce(2.0 * count(*) / nullif(greatest(length(one) - 1, 0) + greatest(length(other) - 1, 0), 0), 0)
  from (
    select substr(one, n, 2) from generate_series(1, length(one) - 1) n
    intersect all
    select substr(other, n, 2) from generate_series(1, length(other) - 1) n) common
$$;

-- The Levenshtein distance of two words.
create function private.edit_distance(one text, other text)
returns int language plpgsql immutable set search_path = '' as $$
declare
  above int[] := array(select generate_series(0, length(other)));
  line int[];
begin
  for i in 1 .. length(one) loop
    line := array[i];
    for j in 1 .. length(other) loop
      line := line || least(above[j + 1] + 1, line[j] + 1,
        above[j] + (substr(one, i, 1) <> substr(other, j, 1))::int);
    end loop;
    above := line;
  end loop;
  return above[length(other) + 1];
end $$;

-- The most similar known name, or null: firstName for first_name, phone for Phone number, allowedDomains for allowDomain. With always, the
-- name at the smallest edit distance when none is similar.
create function private.nearest_name(given text, known text[], always boolean default false)
returns text language sql immutable set search_path = '' as $$
  select k.name
  from unnest(known) with ordinality as k (name, place),
    lateral (select regexp_replace(lower(given), '[^a-z0-9]', '', 'g'), lower(k.name)) as f (given, name),
    lateral (select length(f.given) >= 3 and (position(f.given in f.name) > 0 or position(f.name in f.given) > 0),
      private.likeness(f.given, f.name)) as l (contains, likeness)
  where always or f.given = f.name or l.contains or l.likeness >= 0.6
  order by f.given <> f.name, not l.contains, case when not l.contains and l.likeness >= 0.6 then -l.likeness end,
    case when always then private.edit_distance(left(f.given, 40), f.name) end, k.place limit 1
$$;

-- Passes an object that has known fields only. An unknown field is a slip, and a restriction that is not read would be none.
create function private.assert_fields(given jsonb, known text[], field text)
returns void language plpgsql stable set search_path = '' as $$
declare
  unknown jsonb;
begin
  if jsonb_typeof(given) is distinct from 'object' then
    perform private.refuse_field(field, 'must be an object');
  end if;
  select jsonb_agg(jsonb_build_object('field', private.shown_name(k), 'problem', 'is not known; ' || coalesce(
    'did you mean ' || private.nearest_name(k, known) || '?', 'known are ' || array_to_string(known, ', '))) order by k)
  into unknown from jsonb_object_keys(given) k where k <> all (known);
  if unknown is not null then
    perform private.refuse('RB-400', (unknown #>> '{0,field}') || ' ' || (unknown #>> '{0,problem}'),
      jsonb_build_object('fields', unknown));
  end if;
end $$;

-- The white space that JavaScript's trim() removes, so that both parsers agree on it.
create function private.trimmed(given text)
returns text language plpgsql immutable set search_path = '' as $$
begin
  return btrim(given, U&' \0009\000A\000B\000C\000D\00A0\1680\2000\2001\2002\2003\2004\2005\2006\2007\2008\2009\200A'
    || U&'\2028\2029\202F\205F\3000\FEFF');
end $$;

-- Ten characters YYYY-MM-DD that name a day of the calendar, as that day; else null.
create function private.calendar_day(given text)
returns date language plpgsql immutable set search_path = '' as $$
declare
  year int;
  month int;
  day int;
begin
  if given !~ '^(19|[2-9][0-9])[0-9]{2}-[0-9]{2}-[0-9]{2}$' then
    return null;
  end if;
  year := left(given, 4)::int;
  month := substr(given, 6, 2)::int;
  day := right(given, 2)::int;
  if month between 1 and 12 and day >= 1
    and day <= extract(day from make_date(year, month, 1) + interval '1 month' - interval '1 day') then
    return make_date(year, month, day);
  end if;
  return null;
end $$;

-- A day; null stays null.
create function private.parse_day(given text, field text)
returns date language plpgsql stable set search_path = '' as $$
declare
  day date := private.calendar_day(private.trimmed(given));
begin
  if day is null and given is not null then
    perform private.refuse_field(field, 'must be a day such as 2027-12-31');
  end if;
  return day;
end $$;

-- YYYY-MM-DDThh:mm, perhaps :ss and a fraction, and Z or ±hh:mm, as that moment; else null. What is below a microsecond is cut.
create function private.offset_moment(given text)
returns timestamptz language plpgsql stable set search_path = '' as $$
declare
  parts text[] := regexp_match(given, '^(.{10})[Tt]((?:[01][0-9]|2[0-3]):[0-5][0-9])(?:(:[0-5][0-9])(\.[0-9]{1,9})?)?'
    || '([Zz]|[+-](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00))$');
begin
  if parts is null or private.calendar_day(parts[1]) is null then
    return null;
  end if;
  return concat(parts[1], ' ', parts[2], parts[3], left(parts[4], 7), upper(parts[5]))::timestamptz;
end $$;

-- A moment; null stays null.
create function private.parse_moment(given text, field text)
returns timestamptz language plpgsql stable set search_path = '' as $$
declare
  moment timestamptz := private.offset_moment(private.trimmed(given));
begin
  if moment is null and given is not null then
    perform private.refuse_field(field, 'must be a moment with its offset such as 2027-12-31T18:00:00Z');
  end if;
  return moment;
end $$;

-- A day or a moment as the beginning of a time: of a day its first moment in the time zone.
create function private.parse_beginning(given text, field text, time_zone text)
returns timestamptz language plpgsql stable set search_path = '' as $$
declare
  day date := private.calendar_day(private.trimmed(given));
  moment timestamptz := case when day is not null then private.end_of_day(day - 1, time_zone)
    else private.offset_moment(private.trimmed(given)) end;
begin
  if moment is null and given is not null then
    perform private.refuse_field(field, 'must be a day such as 2027-12-31 or a moment such as 2027-12-31T18:00:00Z');
  end if;
  return moment;
end $$;

-- A day or a moment as the end of a time, which is the first moment that is not in it: of a day the beginning of the next.
create function private.parse_ending(given text, field text, time_zone text)
returns timestamptz language plpgsql stable set search_path = '' as $$
declare
  day date := private.calendar_day(private.trimmed(given));
begin
  return case when day is not null then private.end_of_day(day, time_zone)
    else private.parse_beginning(given, field, time_zone) end;
end $$;

-- How many decimals a currency has here: the currencies of ISO 4217 without a minor unit, which the card processor charges so,
-- have none, all others two. (Amounts are numeric(18,2); currencies with three decimals keep two of them.)
create function private.decimals_of(currency text)
returns int language plpgsql immutable set search_path = '' as $$
begin
  return case when currency in ('BIF', 'CLP', 'DJF', 'GNF', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'VND', 'VUV', 'XAF', 'XOF',
    'XPF') then 0 else 2 end;
end $$;

-- The one rounding of money: half up, in the minor units of its currency.
create function private.round_money(amount numeric, currency text)
returns numeric language plpgsql immutable set search_path = '' as $$
begin
  return round(amount, private.decimals_of(currency));
end $$;

create function private.minor_units(amount numeric, currency text)
returns bigint language plpgsql immutable set search_path = '' as $$
begin
  return (amount * power(10::numeric, private.decimals_of(currency)))::bigint;
end $$;

create function private.major_units(amount bigint, currency text)
returns numeric language plpgsql immutable set search_path = '' as $$
begin
  return (amount / power(10::numeric, private.decimals_of(currency)))::numeric(18,2);
end $$;

-- The most that one amount may be: eight digits in the minor unit, which is also what Stripe charges in every currency. A thousand
-- million of them stay below numeric(18,2).
create function private.amount_limit(currency text)
returns numeric language plpgsql immutable set search_path = '' as $$
begin
  return trim_scale(99999999 / power(10::numeric, private.decimals_of(currency)));
end $$;

-- Passes an amount of money that can be stored as it is, or null; nothing is rounded.
create function private.assert_amount(
  amount numeric, currency text, field text, is_positive boolean default false, maximum numeric default null)
returns void language plpgsql stable set search_path = '' as $$
begin
  perform private.assert_currency(currency);
  if amount < 0 or (is_positive and amount = 0) then
    perform private.refuse_field(field, case when is_positive then 'must be above zero' else 'must not be below zero' end);
  -- NaN is above every number
  elsif amount > coalesce(maximum, private.amount_limit(currency)) then
    perform private.refuse_field(field, format('must be at most %s %s',
      coalesce(maximum, private.amount_limit(currency)), currency));
  elsif amount <> private.round_money(amount, currency) then
    perform private.refuse_field(field, format('must have at most %s decimals in %s', private.decimals_of(currency), currency));
  end if;
end $$;

-- Passes a number between two bounds with so many decimals (whole units, a percentage), or null; nothing is rounded.
create function private.assert_number(amount numeric, field text, minimum numeric, maximum numeric, decimals int default 0)
returns void language plpgsql stable set search_path = '' as $$
begin
  if amount < minimum or amount > maximum then
    perform private.refuse_field(field, format('must be from %s to %s', minimum, maximum));
  elsif amount <> round(amount, decimals) then
    perform private.refuse_field(field, case decimals when 0 then 'must be a whole number'
      else format('must have at most %s decimals', decimals) end);
  end if;
end $$;

-- How many rows a job takes at once: as many as it asks for, at most 100.
create function private.batch_size(wanted int)
returns int language plpgsql stable set search_path = '' as $$
begin
  perform private.assert_number(wanted, 'batch_size', 0, 1000000);
  return least(wanted, 100);
end $$;

-- A number of JSON, or a text of plain digits, between two bounds with so many decimals; null stays null.
create function private.parse_number(given jsonb, field text, minimum numeric, maximum numeric, decimals int default 0)
returns numeric language plpgsql stable set search_path = '' as $$
declare
  digits text := private.trimmed(given #>> '{}');
begin
  if digits is null then
    return null;
  elsif jsonb_typeof(given) not in ('number', 'string') or digits !~ '^-?[0-9]{1,40}(\.[0-9]{1,40})?$' then
    perform private.refuse_field(field, 'must be a number such as 25 or 25.50');
  end if;
  perform private.assert_number(digits::numeric, field, minimum, maximum, decimals);
  return digits::numeric;
end $$;

-- The most units (bizcoins, points, messages) that one voucher, package or refund moves.
create function private.units_limit()
returns numeric language plpgsql immutable set search_path = '' as $$
begin
  return 1000000000;
end $$;

-- Passes an argument that is given; null is refused where it would not mean "leave it as it is".
create function private.assert_given(is_given boolean, field text)
returns void language plpgsql stable set search_path = '' as $$
begin
  if is_given is not true then
    perform private.refuse_field(field, 'is required');
  end if;
end $$;

-- Passes a text of at least one character other than white space and of at most so many.
create function private.assert_text(given text, field text, longest int default 200)
returns void language plpgsql stable set search_path = '' as $$
begin
  perform private.assert_given(private.trimmed(given) <> '', field);
  if length(given) > longest then
    perform private.refuse_field(field, format('must have at most %s characters', longest));
  end if;
end $$;

-- Passes one of the known words.
create function private.assert_choice(given text, field text, choices text[])
returns void language plpgsql stable set search_path = '' as $$
begin
  if (given = any (choices)) is not true then
    perform private.refuse_field(field, 'must be one of ' || array_to_string(choices, ', '));
  end if;
end $$;

create function private.assert_currency(currency text)
returns void language plpgsql stable set search_path = '' as $$
begin
  if (currency ~ '^[A-Z]{3}$') is not true then
    perform private.refuse_field('currency', 'must be a code of ISO 4217 such as USD');
  end if;
end $$;

-- Passes an address of the web, or null.
create function private.assert_url(given text, field text)
returns void language plpgsql stable set search_path = '' as $$
begin
  if length(given) > 2000 or given !~ '^https?://[^\s/?#@]+([/?#]\S*)?$' then
    perform private.refuse_field(field, 'must be an address such as https://acme.com/terms with at most 2000 characters');
  end if;
end $$;

-- Passes a regular expression, or null.
create function private.assert_regexp(given text, field text)
returns void language plpgsql stable set search_path = '' as $$
begin
  if length(given) > 500 then
    perform private.refuse_field(field, 'must have at most 500 characters');
  end if;
  perform '' ~ given;
exception when invalid_regular_expression then
  perform private.refuse_field(field, 'must be a regular expression that Postgres can read');
end $$;

-- Names that differ by case or white space alone are one.
create function private.folded_name(name text)
returns text language plpgsql immutable set search_path = '' as $$
begin
  return lower(regexp_replace(private.trimmed(normalize(name, nfkc)), '\s+', ' ', 'g'));
end $$;

-- A text of JSON without white space around it; null and an empty text are null.
create function private.parse_text(given jsonb, field text, longest int)
returns text language plpgsql stable set search_path = '' as $$
begin
  if jsonb_typeof(given) not in ('string', 'null') then
    perform private.refuse_field(field, 'must be text');
  elsif length(given #>> '{}') > longest then
    perform private.refuse_field(field, format('must have at most %s characters', longest));
  end if;
  return nullif(private.trimmed(given #>> '{}'), '');
end $$;

-- An id of JSON; null stays null.
create function private.parse_id(given jsonb, field text)
returns uuid language plpgsql stable set search_path = '' as $$
begin
  if jsonb_typeof(given) not in ('string', 'null')
    or given #>> '{}' !~* '^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$' then
    perform private.refuse_field(field, 'must be a UUID');
  end if;
  return (given #>> '{}')::uuid;
end $$;

-- A truth value of JSON; null stays null.
create function private.parse_flag(given jsonb, field text)
returns boolean language plpgsql stable set search_path = '' as $$
begin
  if jsonb_typeof(given) not in ('boolean', 'null') then
    perform private.refuse_field(field, 'must be true or false');
  end if;
  return (given #>> '{}')::boolean;
end $$;

-- A JSON array of strings. Null means no list; an empty array is refused, because it could mean all or none.
create function private.parse_texts(given jsonb, field text, most int default 1000)
returns text[] language plpgsql stable set search_path = '' as $$
declare
  texts text[] := '{}';
  entry jsonb;
begin
  if coalesce(jsonb_typeof(given), 'null') = 'null' then
    return null;
  elsif jsonb_typeof(given) <> 'array' then
    perform private.refuse_field(field, 'must be a list');
  elsif jsonb_array_length(given) = 0 then
    perform private.refuse_field(field, 'must not be an empty list; null removes the restriction');
  elsif jsonb_array_length(given) > most then
    perform private.refuse_field(field, format('must have at most %s entries', most));
  end if;
  for entry in select e from jsonb_array_elements(given) e loop
    if jsonb_typeof(entry) <> 'string' or private.trimmed(entry #>> '{}') = '' or length(entry #>> '{}') > 254 then
      perform private.refuse_field(
        format('%s.%s', field, cardinality(texts)), 'must be a text of 1 to 254 characters');
    end if;
    texts := texts || private.trimmed(entry #>> '{}');
  end loop;
  return texts;
end $$;
