begin;
set local search_path = public, extensions, tests;
select plan(15);

select tests.keep(tests.create_delivery());
create function pg_temp.refuses(change text, fact text, description text) returns text language sql as $$
  select throws_matching(format('update public.deliveries set %s where id = %L', change, tests.the('delivery')), fact,
    description)
$$;

select pg_temp.refuses('status = ''lost''', 'deliveries_status_is_valid', 'deliveries: an unknown status → refused');
select pg_temp.refuses('channel = ''pigeon'', deliver_to = ''a@b''', 'deliveries_channel_is_valid',
  'deliveries: an unknown channel → refused');
select pg_temp.refuses('channel = ''email''', 'deliveries_address_fits_channel', 'deliveries: a phone as e-mail address → refused');
select pg_temp.refuses('deliver_to = ''0202 555''', 'deliveries_address_fits_channel', 'deliveries: a phone that is not E.164 → refused');
select pg_temp.refuses('attempts = 4', 'deliveries_attempts_stay_within_max', 'deliveries: more attempts than attempts_max → refused');
select pg_temp.refuses('status = ''sending''', 'deliveries_lease_matches_status', 'deliveries: sending without a lease → refused');
select pg_temp.refuses('status = ''sent''', 'deliveries_sent_at_matches_status', 'deliveries: sent without its time → refused');
select pg_temp.refuses('sent_at = now()', 'deliveries_sent_at_matches_status', 'deliveries: queued with a time of sending → refused');
select pg_temp.refuses('status = ''delivered'', sent_at = now()', 'deliveries_delivered_at_matches_status',
  'deliveries: delivered without its time → refused');
select pg_temp.refuses('status = ''failed''', 'deliveries_failed_at_matches_status', 'deliveries: failed without its time → refused');
select pg_temp.refuses('failure_kind = ''bad luck''', 'deliveries_failure_kind_is_valid', 'deliveries: failed without a kind → refused');
select throws_matching(format('insert into public.delivery_attempts (delivery_id, client_id, attempt_number, status)
    values (%L, %L, 1, ''sent'')', tests.the('delivery'), tests.the('client')),
  'delivery_attempts_finished_at_matches_status', 'delivery_attempts: finished without finished_at → refused');
select throws_matching(format('insert into public.delivery_attempts (
    delivery_id, client_id, attempt_number, finished_at)
    values (%L, %L, 1, now())', tests.the('delivery'), tests.the('client')),
  'delivery_attempts_finished_at_matches_status', 'deliveries: a delivery that is not leased has no lease');
select tests.report(tests.lease(tests.the('delivery')), 'sent', 'SM1');
select tests.keep(tests.create_delivery());
select throws_matching($$ select tests.report(tests.lease(tests.the('delivery')), 'sent', 'SM1') $$,
  'deliveries_provider_message_is_unique',
  'deliveries: a provider''s message id belongs to one delivery');
select throws_matching($$ select tests.report(tests.lease(tests.the('delivery')), 'perhaps') $$,
  'delivery_attempts_status_is_valid',
  'delivery_attempts: an unknown status → refused');

select * from finish();
rollback;
