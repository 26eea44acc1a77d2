-- Audit events with their chain, alerts, attempts, consents, opt-outs, replies, seen events.

insert into public.audit_events (client_id, actor_id, action, subject_type, subject_id, created_at)
select growth.id('client', c), growth.id('client_admin', c), 'gift_card.provisioned', 'gift_card', growth.id('card', n), growth.at(n)
from generate_series(1, growth.rows()) n, lateral growth.client_number(n) c order by n;

insert into private.audit_links (event_id, tenant, position, hash)
select e.id, coalesce(e.client_id, '00000000-0000-0000-0000-000000000000'), row_number() over tenant, growth.chain(e) over tenant
from public.audit_events e window tenant as (partition by e.client_id order by e.id)
on conflict do nothing;

-- one of a hundred is open
insert into public.system_alerts (id, client_id, alert_type, severity, message, subject, created_at, resolved_at)
select growth.id('alert', n), growth.client(n), 'pool_low', 'warning', 'A pool is low', 'growth-' || n, at,
  case when n % 100 > 0 then at + interval '1 hour' end
from generate_series(1, growth.rows(), 2) n, lateral growth.at(n) at;

insert into public.redemption_attempts (client_id, surface, subject, code_fingerprint, outcome, code, created_at)
select growth.client(n), case n % 3 when 0 then 'redeem-gift-card' when 1 then 'redeem-voucher' else 'confirm-redemption' end,
  growth.id('customer', growth.customer(n))::text, md5('attempt' || n), case when n % 4 = 0 then 'refused' else 'succeeded' end,
  case when n % 4 = 0 then 'VC-001' end, growth.at(n, 170)
from generate_series(1, growth.rows()) n order by n;

insert into private.attempt_buckets (surface, kind, key, window_starts_at, taken)
select 'redeem-gift-card', 'ip', md5('ip' || n), growth.at(n, 0) - (n % 20) * interval '1 hour', 1
from generate_series(1, growth.rows() / 4) n;

insert into private.seen_events (provider, event_id, created_at)
select 'sendgrid', md5('seen' || n), growth.at(n, 6) from generate_series(1, growth.rows()) n;

-- recipients with a grant have opted in; those without one of the big client have opted out
insert into public.consents (client_id, recipient_id, channel, address, action, source, wording, created_at)
select growth.client(n), growth.id('recipient', n), 'sms', '+1' || (2020000000 + n), 'opted_in', 'web_form', 'I agree',
  growth.at(n) - interval '2 hours'
from generate_series(1, growth.rows()) n order by n;

insert into public.contact_opt_outs (channel, address, source, said_at, created_at)
select 'sms', '+1' || (2020000000 + growth.rows() + n), 'sms', at, at
from generate_series(1, growth.rows() / 4) n, lateral growth.at(n, 364, growth.rows() / 4) at;

insert into public.consents (client_id, recipient_id, channel, address, action, source, created_at)
select growth.id('client', 1), growth.id('recipient', growth.rows() + n), 'sms', '+1' || (2020000000 + growth.rows() + n), 'opted_out',
  'sms', growth.at(n, 364, growth.rows() / 4)
from generate_series(1, growth.rows() / 4) n;

insert into private.contact_preferences (channel, address, kind, preference, said_at)
select o.channel, o.address, o.kind, 'opt_out', o.said_at from public.contact_opt_outs o on conflict do nothing;

insert into public.inbound_messages (id, client_id, recipient_id, provider_message_id, phone, body, meaning, review, reviewed_at, created_at)
select growth.id('inbound', n), growth.client(n), growth.id('recipient', n), 'SMin' || n, '+1' || (2020000000 + n),
  case when n % 10 = 1 then 'hm' else 'YES' end, case when n % 10 = 1 then 'unclear' else 'opt_in' end,
  case when n % 1000 = 1 then 'open' when n % 10 = 1 then 'dismissed' end, case when n % 10 = 1 and n % 1000 <> 1 then at end, at
from generate_series(1, growth.rows()) n, lateral growth.at(n, 170) at;
