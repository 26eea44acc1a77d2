begin;
set local search_path = public, extensions, tests;
select plan(6);

select tests.keep(tests.create_delivery());
update public.campaign_recipients set email = null where id = tests.the('recipient');
select tests.create_endpoint(tests.the('client'));

create function pg_temp.told() returns text language sql as $$
  select coalesce(string_agg(m.event_type || ' by ' || (m.data ->> 'deliveryMethod'), ', ' order by m.event_type), 'nothing')
  from public.webhook_messages m where m.client_id = tests.the('client')
$$;
create function pg_temp.read_report() returns bigint[] language plpgsql as $$
declare
  counts bigint[];
begin
  perform tests.sign_in(tests.create_user('client_admin', tests.the('client')));
  select array[r.given_cards, r.delivered_cards] into counts from public.report_brand_performance(tests.the('client')) r;
  perform tests.sign_out();
  return counts;
end $$;

select tests.report(tests.lease(tests.the('delivery')), 'sent', 'SM-1');
select is(pg_temp.told(), 'gift_card.delivered by sms', 'apply_delivery_outcome: accepted by the provider → gift_card.delivered');
select is(pg_temp.read_report(), '{1,1}', 'report_brand_performance: it counts as delivered');
delete from public.webhook_attempts;
delete from public.webhook_messages;
select public.record_delivery_status('twilio', 'SM-1', null, 'undelivered', '30003');
select is(pg_temp.told(), 'gift_card.delivery_failed by sms, gift_card.stuck by sms',
  'apply_delivery_outcome: undelivered, and no channel left → gift_card.stuck and gift_card.delivery_failed');
select is(pg_temp.read_report(), '{1,0}', 'report_brand_performance: a stuck card → not delivered');

select tests.keep('resent', tests.resend(tests.the('card'), 'email', 'ada@example.com', 'asked') #> '{result,delivery,id}');
delete from public.webhook_messages;
select tests.report(tests.lease(tests.the('resent')), 'sent', 'EM-1');
select is(pg_temp.told(), 'gift_card.delivered by email', 'resend_gift_card: sent to a corrected contact → gift_card.delivered');
select is(pg_temp.read_report(), '{1,1}', 'report_brand_performance: and counted again');

select * from finish();
rollback;
