begin;
set local search_path = public, extensions, tests;
select plan(21);

select is(private.country_of_phone(phone), country, 'country_of_phone: ' || phone || ' → ' || coalesce(country, 'none'))
from (values ('+12025550100', 'US'), ('+16135550123', 'US'), ('+18765550123', 'JM'), ('+447700900123', 'GB'),
  ('+77011234567', 'KZ'), ('+79161234567', 'RU'), ('+8816123456', null), ('+999123456', null)) t (phone, country);

select tests.keep(tests.create_promise(5));
select tests.keep('agency_admin', tests.create_user('agency_admin', tests.the('client')));

create function pg_temp.status(delivery_id uuid) returns text language sql as $$
  select concat_ws(' ', status, error_code) from public.deliveries where id = delivery_id
$$;
select is(tests.redeem(tests.redemption_token(tests.the('recipient')), delivery_method => 'sms', deliver_to => '+447700900123') ->> 'code', 'GC-012',
  'redeem_gift_card: phone in a country that is not allowed → GC-012');
select is(tests.redeem(tests.redemption_token(tests.the('recipient')), delivery_method => 'sms', deliver_to => '+16135550123') ->> 'outcome', 'ok',
  'redeem_gift_card: US client, Canadian phone → ok');

-- the lease checks the number again, however it was stored
select tests.keep('foreign', (select tests.create_recipients(tests.the('campaign'))));
update public.campaign_recipients set phone = '+18765550123', email = 'ada@example.com' where id = tests.the('foreign');
select tests.keep('delivery', tests.provision(tests.the('foreign'), deliver_to => null) #> '{result,delivery,id}');
select is(tests.lease(tests.the('delivery')), null, 'lease_deliveries: SMS to a country that is not allowed → no lease');
select is(pg_temp.status(tests.the('delivery')), 'suppressed sms_country_not_allowed', 'lease_deliveries: → suppressed with its reason');
select is((select channel from public.deliveries where recipient_id = tests.the('foreign') and status = 'queued'), 'email',
  'lease_deliveries: SMS not allowed → the card goes by e-mail');

-- roles that may change the policy
select tests.sign_in(tests.create_user('client_admin', tests.the('client')));
select throws_ok(format('select public.update_sms_policy(%L, sms_countries => array[%L])', tests.the('client'), 'JM'), 'RB403', null,
  'update_sms_policy: client admin → RB-403');
select tests.sign_in(tests.the('agency_admin'));
select throws_ok(format('select public.update_sms_policy(%L, sms_countries => array[%L])', tests.the('client'), 'XX'), 'RB400', null,
  'update_sms_policy: unknown country → RB-400');
select throws_ok(format('select public.update_sms_policy(%L, sms_countries => array[null]::text[])', tests.the('client')), 'RB400', null,
  'update_sms_policy: null in the list → RB-400');
select throws_ok(format('select public.update_sms_policy(%L, sms_daily_max => -1)', tests.the('client')), 'RB400', null,
  'update_sms_policy: negative cap → RB-400');
select is((public.update_sms_policy(tests.the('client'), country => 'CA', sms_countries => array['JM', 'GB'])).sms_countries,
  array['JM', 'GB'], 'update_sms_policy: agency admin → set');
select tests.sign_out();
select is(private.is_sms_allowed(tests.the('client'), phone), allowed, 'is_sms_allowed: ' || phone)
from (values ('+18765550123', true), ('+12025550100', true), ('+4915112345678', false)) t (phone, allowed);

select * from finish();
rollback;
