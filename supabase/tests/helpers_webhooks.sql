-- Factories of webhooks: an endpoint, its messages, and what it answered.

-- An endpoint of a client that wants to be told of these events.
create or replace function tests.create_endpoint(
  client_id uuid, events text[] default '{*}', url text default 'https://hooks.example.com/in')
returns uuid language sql set search_path = '' as $$
  with endpoint as (
    insert into public.webhook_endpoints (client_id, url, events) values (client_id, url, events) returning id),
  secret as (
    insert into private.webhook_secrets (endpoint_id, secret)
    select id, 'whsec_' || encode(extensions.gen_random_bytes(32), 'base64') from endpoint)
  select id from endpoint
$$;

-- A message that an endpoint did not take.
create or replace function tests.dead_webhook(endpoint_id uuid)
returns uuid language sql set search_path = '' as $$
  insert into public.webhook_messages (client_id, endpoint_id, event_type, data, status, attempts, failed_at)
  select e.client_id, e.id, 'webhook.test', '{}', 'failed', 10, now() from public.webhook_endpoints e where e.id = endpoint_id
  returning id
$$;

-- Leases the messages of an endpoint that are due, or become due later: what the worker would get.
create or replace function tests.lease_webhooks(endpoint_id uuid)
returns setof jsonb language plpgsql set search_path = '' as $$
begin
  update public.webhook_messages m set next_attempt_at = now() - interval '1 year'
  where m.endpoint_id = lease_webhooks.endpoint_id and m.status = 'queued';
  return query
    select l from jsonb_array_elements(public.lease_webhooks(100) #> '{result,webhooks}') l
    join public.webhook_messages m on m.id = (l ->> 'messageId')::uuid
    where m.endpoint_id = lease_webhooks.endpoint_id;
end $$;

-- complete_webhook_attempt for a lease.
create or replace function tests.report_webhook(lease jsonb, http_status int)
returns jsonb language sql set search_path = '' as $$
  select public.complete_webhook_attempt((lease ->> 'attemptId')::uuid, (lease ->> 'leaseToken')::uuid,
    case when http_status = 410 then 'gone' when http_status between 200 and 299 then 'delivered' else 'failed' end,
    http_status, case when http_status not between 200 and 299 then 'http_' || http_status end, 12)
$$;
