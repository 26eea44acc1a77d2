-- Admin entry points of the SMS policy. The platform or the client's agency decides, because they pay the carrier.

-- Accepts countries with a calling code (Canada has that of the US).
create function private.assert_countries(given text[], field text)
returns void language plpgsql stable set search_path = '' as $$
declare
  unknown int := (
    select min(g.place) from unnest(given) with ordinality as g (country, place)
    where g.country <> 'CA' and not exists (select from private.dialing_codes d where d.country = g.country));
begin
  if unknown is not null then
    perform private.refuse_field(field, 'must be two-letter codes of ISO 3166 such as US'
      || case when cardinality(given) > 1 then format('; entry %s is none', unknown) else '' end);
  end if;
end $$;

create function private.update_sms_policy(
  client_id uuid, country text default null, sms_countries text[] default null, sms_daily_max int default null)
returns public.clients language plpgsql volatile security definer set search_path = '' as $$
declare
  client public.clients;
begin
  perform private.assert_can_act(private.caller(), client_id, array['platform_admin', 'agency_admin']);
  perform private.assert_countries(array[country], 'country'), private.assert_countries(sms_countries, 'sms_countries');
  if array_position(sms_countries, null) is not null then
    perform private.refuse_field('sms_countries', 'must be a list of two-letter codes of ISO 3166');
  end if;
  perform private.assert_number(sms_daily_max, 'sms_daily_max', 0, 1000000);
  update public.clients c
  set country = coalesce(update_sms_policy.country, c.country),
    sms_countries = coalesce(update_sms_policy.sms_countries, c.sms_countries),
    sms_daily_max = coalesce(update_sms_policy.sms_daily_max, c.sms_daily_max)
  where c.id = client_id returning c.* into client;
  -- messages held back by the old cap are due at once; the lease checks the new cap
  update public.deliveries d set next_attempt_at = now()
  where d.client_id = client.id and d.status = 'queued' and d.error_code = 'sms_cap_reached';
  perform private.resolve_alert('sms_cap_reached', client.id::text), private.resolve_alert('sms_cap', client.id::text);
  perform private.record_audit(client.id, private.caller(), 'sms_policy.updated', 'client', client.id, jsonb_build_object(
    'country', client.country, 'sms_countries', client.sms_countries, 'sms_daily_max', client.sms_daily_max));
  return client;
end $$;
select private.publish('private.update_sms_policy(uuid, text, text[], int)', '{authenticated, service_role}',
  'Sets the countries to which a client''s SMS may go (its country, the United States and Canada being one, and a list of others, ISO 3166 '
  'two-letter codes) and how many may be sent in a day; omitted parameters are left unchanged. For the platform and the agency.');
