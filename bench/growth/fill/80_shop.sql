-- Vouchers, packages, purchases and refunds.

insert into public.packages (id, client_id, name, price, duration_days)
select growth.id('package', c), growth.id('client', c), 'Package ' || c, 20, 30 from generate_series(1, growth.clients()) c;

-- four of five were redeemed once
insert into public.vouchers (id, client_id, code, type, value, usage_limit, usage_count, entitlement_days, starts_at, expires_at, created_at)
select growth.id('voucher', n), growth.customer_client(n), 'GROW-' || upper(left(md5('voucher' || n), 14)), 'percentage', 10, 1,
  case when n % 5 > 0 then 1 else 0 end, 30, at, case when n % 2 = 0 then at + interval '2 years' end, at
from generate_series(1, growth.rows()) n, lateral growth.at(n) at;

insert into public.voucher_usage (id, client_id, voucher_id, user_id, redemption_type, benefit, identities, used_at)
select growth.id('usage', n), growth.customer_client(n), growth.id('voucher', n), growth.id('customer', growth.customer(n)), 'percentage', 10,
  array['user:' || growth.customer(n)], growth.at(n)
from generate_series(1, growth.rows()) n where n % 5 > 0;

insert into private.voucher_identities (voucher_id, identity, redemptions)
select growth.id('voucher', n), 'user:' || growth.customer(n), 1 from generate_series(1, growth.rows()) n where n % 5 > 0;

-- used for the purchases of the same number, expired, or available
insert into public.voucher_entitlements (id, client_id, user_id, voucher_id, usage_id, percentage, status, discount_amount, purchase_id, expires_at,
  created_at, used_at, expired_at)
select growth.id('entitlement', n), growth.customer_client(n), growth.id('customer', growth.customer(n)), growth.id('voucher', n),
  growth.id('usage', n), 10, status, case status when 'used' then 2 end, case status when 'used' then growth.id('purchase', n) end,
  case status when 'available' then now() + interval '1 year' else at + interval '30 days' end, at, case status when 'used' then at end,
  case status when 'expired' then at end
from generate_series(1, growth.rows()) n, lateral growth.at(n) at,
  lateral (select case n % 5 when 1 then 'used' when 2 then 'available' else 'expired' end) s (status)
where n % 5 > 0;

-- every second number is a purchase; one of ten is refunded in part
insert into public.package_purchases (id, client_id, user_id, package_id, status, price, currency, entitlement_id, discount, payment_intent_id,
  payment_status, refunded_payment, created_at, completed_at)
select growth.id('purchase', n), growth.id('client', c), growth.id('customer', growth.customer(n)), growth.id('package', c), 'completed', 20, 'USD',
  case when n % 5 = 1 then growth.id('entitlement', n) end, case when n % 5 = 1 then 2 else 0 end, 'pi_growth' || n, 'succeeded',
  case when n % 10 = 1 then 1 else 0 end, at, at
from generate_series(1, growth.rows()) n, lateral growth.client_number(growth.customer(n)) c, lateral growth.at(n) at
where n % 2 = 1 or n % 5 = 1;

insert into public.package_refunds (id, client_id, purchase_id, payment_amount, currency, status, provider_refund_id, created_at, completed_at)
select growth.id('refund', n), growth.customer_client(n), growth.id('purchase', n), 1, 'USD', 'completed', 're_growth' || n,
  growth.at(n) + interval '1 minute', growth.at(n) + interval '1 minute'
from generate_series(1, growth.rows(), 10) n;

insert into public.customer_packages (id, client_id, user_id, package_id, purchase_id, status, messages_limit, starts_at, expires_at, created_at,
  expired_at)
select growth.id('customer_package', n), p.client_id, p.user_id, p.package_id, p.id, case when n % 10 = 1 then 'active' else 'expired' end, 0,
  at, case when n % 10 = 1 then now() + interval '30 days' else at + interval '1 minute' end, at, case when n % 10 <> 1 then at + interval '1 minute' end
from generate_series(1, growth.rows()) n join public.package_purchases p on p.id = growth.id('purchase', n), lateral growth.at(n) at;
