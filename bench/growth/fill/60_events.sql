-- Webhooks out and CRM events in.

insert into public.webhook_endpoints (id, client_id, url)
select growth.id('webhook', n), growth.id('client', n), 'https://hooks.growth.example/' || n from generate_series(1, growth.clients()) n;

insert into private.webhook_secrets (endpoint_id, secret)
select growth.id('webhook', n), 'whsec_' || md5('secret' || n) from generate_series(1, growth.clients()) n;

insert into public.webhook_messages (id, client_id, endpoint_id, event_type, subject_id, data, status, attempts, created_at, delivered_at)
select growth.id('message', n), growth.id('client', c), growth.id('webhook', c), 'gift_card.provisioned', growth.id('card', n), '{}',
  'delivered', 1, at, at + interval '1 s'
from generate_series(1, growth.rows()) n, lateral growth.client_number(n) c, lateral growth.at(n, 29) at;

insert into public.webhook_attempts (id, message_id, client_id, attempt_number, status, http_status, duration_ms, created_at, finished_at)
select growth.id('webhook_attempt', n), growth.id('message', n), growth.client(n), 1, 'delivered', 200, 90, at, at + interval '1 s'
from generate_series(1, growth.rows()) n, lateral growth.at(n, 29) at;

insert into public.crm_endpoints (id, client_id, name)
select growth.id('crm', n), growth.id('client', n), 'CRM ' || n from generate_series(1, growth.clients()) n;

insert into private.crm_keys (endpoint_id, key)
select growth.id('crm', n), 'whsec_dGVzdHRlc3R0ZXN0dGVzdHRlc3R0ZXN0' from generate_series(1, growth.clients()) n;

-- nine events of twenty are of the big client's endpoint; the payloads of the last 80 days are kept
insert into public.crm_events (id, client_id, endpoint_id, event_id, event_names, contact_id, status, campaign_id, recipient_id,
  payload, request_id, created_at, processed_at)
select growth.id('crm_event', n), growth.id('client', c), growth.id('crm', c), 'event-' || n, '{event_1}', 'crm-' || n, 'ignored',
  growth.id('campaign', c), growth.id('recipient', n), case when at > now() - interval '80 days' then '{"type": "event_1"}'::jsonb end,
  growth.id('crm_request', n), at, at + interval '1 s'
from generate_series(1, growth.rows()) n, lateral (select case when n % 20 < 9 then 1 else growth.client_number(n) end) x (c),
  lateral growth.at(n) at;
