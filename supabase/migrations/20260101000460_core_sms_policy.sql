-- The SMS policy of a client: to which countries its messages may go, and how many a day.
-- Messages to foreign, premium-rate and satellite numbers are how fraudsters turn a form into money. A client writes to its own
-- country until the platform or its agency allows more; the policy is read in the transaction that leases a send. Premium-rate
-- and personal numbers inside an allowed country are refused by the edge functions, whose phone library knows them.

create table private.dialing_codes (
  code text primary key,
  country text not null,
  constraint dialing_codes_are_digits check (code ~ '^[1-9][0-9]{0,3}$')
);
comment on table private.dialing_codes is
  'The country of a telephone number by its longest known beginning (ITU-T E.164). US stands for the United States and Canada, '
  'which share +1; satellite and other global networks are in no country.';

insert into private.dialing_codes (code, country)
select substr(entry, 3), left(entry, 2) from string_to_table(btrim(
  'US1 BS1242 BB1246 AI1264 AG1268 VG1284 VI1340 KY1345 BM1441 GD1473 TC1649 JM1658 MS1664 MP1670 GU1671 AS1684 ' ||
  'SX1721 LC1758 DM1767 VC1784 PR1787 DO1809 DO1829 DO1849 TT1868 KN1869 JM1876 PR1939 EG20 SS211 MA212 DZ213 TN216 ' ||
  'LY218 GM220 SN221 MR222 ML223 GN224 CI225 BF226 NE227 TG228 BJ229 MU230 LR231 SL232 GH233 NG234 TD235 CF236 ' ||
  'CM237 CV238 ST239 GQ240 GA241 CG242 CD243 AO244 GW245 IO246 AC247 SC248 SD249 RW250 ET251 SO252 DJ253 KE254 ' ||
  'TZ255 UG256 BI257 MZ258 ZM260 MG261 RE262 ZW263 NA264 MW265 LS266 BW267 SZ268 KM269 ZA27 SH290 ER291 AW297 FO298 ' ||
  'GL299 GR30 NL31 BE32 FR33 ES34 GI350 PT351 LU352 IE353 IS354 AL355 MT356 CY357 FI358 BG359 HU36 LT370 LV371 ' ||
  'EE372 MD373 AM374 BY375 AD376 MC377 SM378 UA380 RS381 ME382 XK383 HR385 SI386 BA387 MK389 IT39 RO40 CH41 CZ420 ' ||
  'SK421 LI423 AT43 GB44 DK45 SE46 NO47 PL48 DE49 FK500 BZ501 GT502 SV503 HN504 NI505 CR506 PA507 PM508 HT509 PE51 ' ||
  'MX52 CU53 AR54 BR55 CL56 CO57 VE58 GP590 BO591 GY592 EC593 GF594 PY595 MQ596 SR597 UY598 CW599 MY60 AU61 ID62 ' ||
  'PH63 NZ64 SG65 TH66 TL670 NF672 BN673 NR674 PG675 TO676 SB677 VU678 FJ679 PW680 WF681 CK682 NU683 WS685 KI686 ' ||
  'NC687 TV688 PF689 TK690 FM691 MH692 RU7 KZ76 KZ77 JP81 KR82 VN84 KP850 HK852 MO853 KH855 LA856 CN86 BD880 TW886 ' ||
  'TR90 IN91 PK92 AF93 LK94 MM95 MV960 LB961 JO962 SY963 IQ964 KW965 SA966 YE967 OM968 PS970 AE971 IL972 BH973 ' ||
  'QA974 BT975 MN976 NP977 IR98 TJ992 TM993 AZ994 GE995 KG996 UZ998 '), ' ') entry;

create table private.sms_usage (
  client_id uuid not null references public.clients (id),
  day date not null,
  sent int not null default 0,
  constraint sms_usage_is_counted_by_day primary key (client_id, day)
);
comment on table private.sms_usage is 'SMS leased for sending by client and day of the client, retries included.';

-- The country of an E.164 number, or null for a network of no country.
create function private.country_of_phone(phone text)
returns text language sql stable set search_path = '' as $$
  select d.country from private.dialing_codes d
  where d.code in (substr(phone, 2, 4), substr(phone, 2, 3), substr(phone, 2, 2), substr(phone, 2, 1))
  order by length(d.code) desc limit 1
$$;

create function private.is_sms_allowed(client_id uuid, phone text)
returns boolean language sql stable set search_path = '' as $$
  select coalesce(replace(private.country_of_phone(phone), 'CA', 'US')
    = any (array_replace(c.sms_countries || c.country, 'CA', 'US')), false)
  from public.clients c where c.id = is_sms_allowed.client_id
$$;

create function private.assert_sms_allowed(client_id uuid, phone text)
returns void language plpgsql stable set search_path = '' as $$
begin
  if not private.is_sms_allowed(client_id, phone) then
    perform private.refuse('GC-012', 'SMS to this country are not enabled for the client', jsonb_build_object(
      'fields', jsonb_build_array(jsonb_build_object(
        'field', 'phone', 'problem', 'is in a country to which the client sends no SMS'))));
  end if;
end $$;

-- Takes messages from the client's budget of the day and returns how many are granted. The row stays locked until the lease
-- commits; only leases of the same client wait for it.
create function private.take_sms(client_id uuid, wanted int)
returns int language plpgsql volatile set search_path = '' as $$
declare
  client public.clients;
  used int;
  granted int;
begin
  select c.* into client from public.clients c where c.id = take_sms.client_id;
  insert into private.sms_usage (client_id, day) values (client.id, (now() at time zone client.time_zone)::date)
  -- the day has begun already
  on conflict on constraint sms_usage_is_counted_by_day do nothing;
  if found then
    perform private.resolve_alert('sms_cap', client.id::text), private.resolve_alert('sms_cap_reached', client.id::text);
  end if;
  select u.sent into used from private.sms_usage u
  where u.client_id = client.id and u.day = (now() at time zone client.time_zone)::date for update;
  granted := greatest(least(wanted, client.sms_daily_max - used), 0);
  update private.sms_usage u set sent = used + granted
  where u.client_id = client.id and u.day = (now() at time zone client.time_zone)::date;
  if granted < wanted then
    perform private.raise_alert('sms_cap_reached', 'critical', 'The daily SMS cap is reached: messages wait until tomorrow',
      jsonb_build_object('sms_daily_max', client.sms_daily_max), client.id::text, client.id);
  elsif used + granted >= 0.8 * client.sms_daily_max then
    perform private.raise_alert('sms_cap', 'warning', '80 % of the daily SMS cap is used',
      jsonb_build_object('sms_daily_max', client.sms_daily_max, 'sent', used + granted), client.id::text, client.id);
  end if;
  return granted;
end $$;
