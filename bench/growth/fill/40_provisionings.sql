-- What a provisioning leaves: grant, bill, delivery and attempt, trace, answer, claim link; and what precedes it: calls, pending rewards.

insert into public.gift_card_grants (id, client_id, campaign_id, recipient_id, condition_number, surface, created_at)
select growth.id('grant', n), growth.id('client', c), growth.id('campaign', c), growth.id('recipient', n), 1, 'api', growth.at(n)
from generate_series(1, growth.rows()) n, lateral growth.client_number(n) c;

insert into public.billing_transactions (id, client_id, agency_id, campaign_id, recipient_id, grant_id, gift_card_id, source, stock_owner,
  currency, denomination, cost_basis, platform_price, client_price, billed_entity_type, billed_entity_id, created_at)
select growth.id('bill', n), k.id, k.agency_id, growth.id('campaign', c), growth.id('recipient', n), growth.id('grant', n),
  growth.id('card', n), case when n % 10 = 0 then 'tillo' else 'inventory' end, 'platform', 'USD', 25, 23.5, 24, 25, 'client', k.id, growth.at(n)
from generate_series(1, growth.rows()) n, lateral growth.client_number(n) c join public.clients k on k.id = growth.id('client', c);

insert into public.deliveries (id, client_id, topic, subject_id, recipient_id, channel, deliver_to, status, attempts, provider,
  provider_message_id, provider_status, created_at, sent_at, delivered_at)
select growth.id('delivery', n), growth.client(n), 'gift_card', growth.id('card', n), growth.id('recipient', n), 'sms',
  '+1' || (2020000000 + n), 'delivered', 1, 'twilio', 'SM' || md5('sms' || n), 'delivered', at, at + interval '1 s', at + interval '5 s'
from generate_series(1, growth.rows()) n, lateral growth.at(n) at;

insert into public.delivery_attempts (id, delivery_id, client_id, attempt_number, status, provider_message_id, created_at, finished_at)
select growth.id('delivery_attempt', n), growth.id('delivery', n), growth.client(n), 1, 'sent', 'SM' || md5('sms' || n), at,
  at + interval '1 s'
from generate_series(1, growth.rows()) n, lateral growth.at(n) at;

insert into private.sms_usage (client_id, day, sent)
select growth.id('client', c), current_date - d, 3 from generate_series(1, growth.clients()) c, generate_series(1, 10) d;

insert into public.gift_card_provisioning_trace (client_id, request_id, campaign_id, recipient_id, step_number, step_name, status,
  duration_ms, created_at)
select growth.id('client', c), growth.id('request', n), growth.id('campaign', c), growth.id('recipient', n), 1, 'provision', 'completed',
  2.5, growth.at(n, 170)
from generate_series(1, growth.rows()) n, lateral growth.client_number(n) c;

insert into private.idempotency_keys (scope, key, request_hash, answer, created_at)
select 'provision_gift_card:' || growth.client(n) || ':server', 'caller:' || md5('key' || n), md5('hash' || n), '{"giftCard": {}}',
  growth.at(n, 29)
from generate_series(1, growth.rows()) n;

insert into public.claim_links (id, client_id, gift_card_id, delivery_id, is_required, expires_at, created_at)
select growth.id('claim_link', n), growth.client(n), growth.id('card', n), growth.id('delivery', n), false, at + interval '14 days', at
from generate_series(1, growth.rows(), 2) n, lateral growth.at(n) at;

insert into public.call_sessions (id, client_id, campaign_id, caller_phone, recipient_id, agent_user_id, created_at)
select growth.id('call', n), growth.id('client', c), growth.id('campaign', c), '+1' || (2020000000 + n), growth.id('recipient', n),
  growth.id('call_agent', c), growth.at(n)
from generate_series(1, growth.rows(), 2) n, lateral growth.client_number(n) c;

insert into public.call_conditions_met (id, client_id, call_session_id, campaign_id, recipient_id, condition_number, gift_card_id,
  met_by_agent_id, created_at)
select growth.id('met', n), growth.id('client', c), growth.id('call', n), growth.id('campaign', c), growth.id('recipient', n), 1,
  growth.id('card', n), growth.id('call_agent', c), growth.at(n)
from generate_series(1, growth.rows(), 2) n, lateral growth.client_number(n) c;

-- fulfilled ones, and one in each campaign of four clients in five that waits for a brand and value without stock: a kind each
insert into public.pending_rewards (id, client_id, campaign_id, recipient_id, condition_number, surface, brand_id, denomination, currency,
  status, fulfilled_at, created_at)
select growth.id('fulfilled', n), growth.id('client', c), growth.id('campaign', c), growth.id('recipient', n), 1, 'api',
  growth.brand_of(c), 25, 'USD', 'fulfilled', at, at - interval '1 day'
from generate_series(2, growth.rows(), 2) n, lateral growth.client_number(n) c, lateral growth.at(n) at;

insert into public.pending_rewards (id, client_id, campaign_id, recipient_id, condition_number, surface, brand_id, denomination, currency,
  code, created_at)
select growth.id('pending', c), growth.id('client', c), growth.id('campaign', c), r.id, 2, 'api', growth.id('brand', 20), 500, 'USD', 'GC-003',
  now() - interval '2 days'
from generate_series(5, growth.clients() * 4 / 5) c, lateral (
  select r.id from public.campaign_recipients r where r.campaign_id = growth.id('campaign', c) limit 1) r;

insert into private.reward_requests (reward_id, request_id)
select r.id, growth.id('reward_request', row_number() over ()) from public.pending_rewards r where r.status like 'awaiting%';

-- one card of ten was bought from a supplier
insert into public.gift_card_suppliers (id, name, priority, is_enabled) values (growth.id('supplier', 1), 'growth_supplier', 900, false);

insert into public.gift_card_purchases (id, client_id, campaign_id, recipient_id, grant_id, supplier_id, brand_id, denomination, currency,
  client_request_id, brand_code, delivery_method, is_async, gift_card_id, status, attempts, supplier_reference, created_at, ended_at)
select growth.id('supplier_purchase', n), growth.id('client', c), growth.id('campaign', c), growth.id('recipient', n), growth.id('grant', n),
  growth.id('supplier', 1), growth.brand_of(c), 25, 'USD', 'growth-' || n, 'brand-us', 'code', false, growth.id('card', n), 'issued', 1,
  'ref-' || n, at, at + interval '2 s'
from generate_series(10, growth.rows(), 10) n, lateral growth.client_number(n) c, lateral growth.at(n) at;

insert into private.supplier_purchase_requests (purchase_id, asked, facts, next_step)
select growth.id('supplier_purchase', n), '{}', '{}', 2 from generate_series(10, growth.rows(), 10) n;

-- one card of four was sold from a master pool
insert into public.admin_card_sales (id, master_pool_id, buyer_client_id, buyer_pool_id, quantity, price_per_card, platform_price_per_card,
  currency, cost_per_card, created_at)
select growth.id('sale', n), growth.id('master', 1 + n % 20), growth.id('client', c), growth.id('pool', c), 1, 24.5, 24, 'USD', 23.5,
  growth.at(n) - interval '40 days'
from generate_series(1, growth.rows(), 4) n, lateral growth.client_number(n) c;

insert into private.sold_cards (gift_card_id, sale_id)
select growth.id('card', n), growth.id('sale', n) from generate_series(1, growth.rows(), 4) n;
