-- The SMS policy of a client: the countries to which its messages may go, and the daily cap.
-- Toll fraud: messages to foreign, premium-rate and satellite numbers turn a form into money. A client writes to its own
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
select left(entry, -2), right(entry, 2) from string_to_table(btrim(
  '1US 1242BS 1246BB 1264AI 1268AG 1284VG 1340VI 1345KY 1441BM 1473GD 1649TC 1658JM 1664MS 1670MP 1671GU 1684AS ' ||
  '1721SX 1758LC 1767DM 1784VC 1787PR 1809DO 1829DO 1849DO 1868TT 1869KN 1876JM 1939PR 20EG 211SS 212MA 213DZ 216TN ' ||
  '218LY 220GM 221SN 222MR 223ML 224GN 225CI 226BF 227NE 228TG 229BJ 230MU 231LR 232SL 233GH 234NG 235TD 236CF ' ||
  '237CM 238CV 239ST 240GQ 241GA 242CG 243CD 244AO 245GW 246IO 247AC 248SC 249SD 250RW 251ET 252SO 253DJ 254KE ' ||
  '255TZ 256UG 257BI 258MZ 260ZM 261MG 262RE 263ZW 264NA 265MW 266LS 267BW 268SZ 269KM 27ZA 290SH 291ER 297AW 298FO ' ||
  '299GL 30GR 31NL 32BE 33FR 34ES 350GI 351PT 352LU 353IE 354IS 355AL 356MT 357CY 358FI 359BG 36HU 370LT 371LV ' ||
  '372EE 373MD 374AM 375BY 376AD 377MC 378SM 380UA 381RS 382ME 383XK 385HR 386SI 387BA 389MK 39IT 40RO 41CH 420CZ ' ||
  '421SK 423LI 43AT 44GB 45DK 46SE 47NO 48PL 49DE 500FK 501BZ 502GT 503SV 504HN 505NI 506CR 507PA 508PM 509HT 51PE ' ||
  '52MX 53CU 54AR 55BR 56CL 57CO 58VE 590GP 591BO 592GY 593EC 594GF 595PY 596MQ 597SR 598UY 599CW 60MY 61AU 62ID ' ||
  '63PH 64NZ 65SG 66TH 670TL 672NF 673BN 674NR 675PG 676TO 677SB 678VU 679FJ 680PW 681WF 682CK 683NU 685WS 686KI ' ||
  '687NC 688TV 689PF 690TK 691FM 692MH 7RU 76KZ 77KZ 81JP 82KR 84VN 850KP 852HK 853MO 855KH 856LA 86CN 880BD 886TW ' ||
  '90TR 91IN 92PK 93AF 94LK 95MM 960MV 961LB 962JO 963SY 964IQ 965KW 966SA 967YE 968OM 970PS 971AE 972IL 973BH ' ||
  '974QA 975BT 976MN 977NP 98IR 992TJ 993TM 994AZ 995GE 996KG 998UZ '), ' ') entry;

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

-- Counts messages against the client's daily cap and returns how many are granted. The row stays locked until the lease commits; only
-- leases of the same client wait for it.
create function private.take_sms(client_id uuid, wanted int)
returns int language plpgsql volatile set search_path = '' as $$
declare
  client public.clients;
  used int;
  granted int;
begin
  select c.* into client from public.clients c where c.id = take_sms.client_id;
  insert into private.sms_usage (client_id, day) values (client.id, (now() at time zone client.time_zone)::date)
  -- the row of the day exists already
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
