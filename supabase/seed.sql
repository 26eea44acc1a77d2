-- Demo data: one agency, one client, the ten top brands, a campaign with four conditions and five recipients, packages, vouchers.
-- Loading it again changes nothing. It holds no secrets; the demo cards are uploaded through the real function.

insert into public.gift_card_brands (id, name, card_format, code_format, expiration_policy, redemption_url, terms_url) values
  ('00000000-0000-4000-8000-000000000101', 'Amazon', 'digital', '^AMZN-[A-Z0-9]{4}-[A-Z0-9]{4}-[A-Z0-9]{4}$', 'Never expires', 'https://www.amazon.com/redeem', 'https://www.amazon.com/gc-legal'),
  ('00000000-0000-4000-8000-000000000102', 'Visa', 'digital', '^https://[^\s]+$', 'As printed; held as the provider''s link', null, null),
  ('00000000-0000-4000-8000-000000000103', 'Mastercard', 'digital', '^https://[^\s]+$', 'As printed; held as the provider''s link', null, null),
  ('00000000-0000-4000-8000-000000000104', 'Apple', 'digital', '^X[A-Z0-9]{15}$', 'Never expires', 'https://www.apple.com/redeem', 'https://www.apple.com/legal/giftcards'),
  ('00000000-0000-4000-8000-000000000105', 'Target', 'digital', '^[0-9]{4}-[0-9]{4}-[0-9]{4}$', 'Never expires', 'https://www.target.com/gift-cards', null),
  ('00000000-0000-4000-8000-000000000106', 'Starbucks', 'digital', '^[0-9]{4}-[0-9]{4}-[0-9]{4}$', 'Never expires', 'https://www.starbucks.com/gift', null),
  ('00000000-0000-4000-8000-000000000107', 'Walmart', 'digital', '^[0-9]{4}-[0-9]{4}-[0-9]{4}$', 'Never expires', 'https://www.walmart.com/gift-cards', null),
  ('00000000-0000-4000-8000-000000000108', 'Home Depot', 'physical', '^[0-9]{4}-[0-9]{4}-[0-9]{4}$', 'Never expires', 'https://www.homedepot.com/gift-cards', null),
  ('00000000-0000-4000-8000-000000000109', 'Lowe''s', 'physical', '^[0-9]{4}-[0-9]{4}-[0-9]{4}$', 'Never expires', 'https://www.lowes.com/gift-cards', null),
  ('00000000-0000-4000-8000-000000000110', 'Best Buy', 'digital', '^[0-9]{4}-[0-9]{4}-[0-9]{4}$', 'Never expires', 'https://www.bestbuy.com/gift-cards', null)
on conflict (id) do nothing;

insert into public.brand_denominations (brand_id, denomination, cost, price)
select b.id, v.denomination, round(v.denomination * 0.94, 2), v.denomination
from public.gift_card_brands b, (values (10.00), (25.00), (50.00), (100.00)) as v (denomination)
on conflict on constraint brand_denominations_are_unique do nothing;

insert into public.agencies (id, name, slug) values
  ('00000000-0000-4000-8000-000000000001', 'Bright Agency', 'bright-agency')
on conflict (id) do nothing;

-- the agency's profit on what the demo buys
insert into public.agency_brands (agency_id, brand_id, markup_percentage)
select '00000000-0000-4000-8000-000000000001', b.id, 5 from public.gift_card_brands b where b.name = 'Starbucks'
on conflict on constraint agency_brands_are_unique do nothing;

insert into public.clients (id, agency_id, name, slug, time_zone) values
  ('00000000-0000-4000-8000-000000000011', '00000000-0000-4000-8000-000000000001', 'Acme Dental', 'acme-dental', 'America/New_York')
on conflict (id) do nothing;

insert into public.client_brands (client_id, brand_id)
select '00000000-0000-4000-8000-000000000011', b.id from public.gift_card_brands b where b.name in ('Amazon', 'Target', 'Starbucks')
on conflict on constraint client_brands_are_unique do nothing;

insert into public.campaigns (id, client_id, campaign_name, billing_entity, sms_template) values
  ('00000000-0000-4000-8000-000000000201', '00000000-0000-4000-8000-000000000011', 'Spring Check-up', 'client',
    E'Hi {{first_name}}, thanks for scheduling your appointment!\n\nHere''s your ${{amount}} {{brand}} gift card: {{code}}\n\nRedeem at: {{redemption_url}}\n\nQuestions? Reply HELP')
on conflict (id) do nothing;

insert into public.campaign_conditions (id, client_id, campaign_id, condition_number, condition_name, brand_id, card_value, crm_event_name, is_self_service) values
  ('00000000-0000-4000-8000-000000000211', '00000000-0000-4000-8000-000000000011', '00000000-0000-4000-8000-000000000201',
    1, 'Redeemed the mailed code', '00000000-0000-4000-8000-000000000101', 25.00, null, true),
  ('00000000-0000-4000-8000-000000000212', '00000000-0000-4000-8000-000000000011', '00000000-0000-4000-8000-000000000201',
    2, 'Scheduled an appointment', '00000000-0000-4000-8000-000000000101', 25.00, 'appointment_scheduled', false),
  ('00000000-0000-4000-8000-000000000213', '00000000-0000-4000-8000-000000000011', '00000000-0000-4000-8000-000000000201',
    3, 'Brought a friend', '00000000-0000-4000-8000-000000000106', 10.00, 'referral_completed', false),
  ('00000000-0000-4000-8000-000000000214', '00000000-0000-4000-8000-000000000011', '00000000-0000-4000-8000-000000000201',
    4, 'Wrote a review', '00000000-0000-4000-8000-000000000105', 25.00, 'review_written', false)
on conflict (id) do nothing;

insert into public.campaign_recipients (
  id, client_id, campaign_id, first_name, last_name, email, phone, code_last4, external_crm_id, state, country)
select ('00000000-0000-4000-8000-00000000040' || n)::uuid, '00000000-0000-4000-8000-000000000011',
  '00000000-0000-4000-8000-000000000201', first_name, last_name, lower(first_name) || '@example.com', phone, last4,
  'crm-' || n, state, 'US'
from (values
  (1, 'Ada', 'Archer', '+12025550141', '7K3M', 'NY'),
  (2, 'Ben', 'Baker', '+12025550142', '8R4N', 'NJ'),
  (3, 'Cleo', 'Carter', '+12025550143', '9T5P', 'CT'),
  (4, 'Dan', 'Diaz', '+12025550144', '2W6Q', 'NY'),
  (5, 'Eve', 'Evans', '+12025550145', '3X7R', 'PA')) as d (n, first_name, last_name, phone, last4, state)
on conflict (id) do nothing;

insert into public.recipient_codes (recipient_id, client_id, campaign_id, redemption_token) values
  ('00000000-0000-4000-8000-000000000401', '00000000-0000-4000-8000-000000000011', '00000000-0000-4000-8000-000000000201', 'DEMO-ADA2-7K3M'),
  ('00000000-0000-4000-8000-000000000402', '00000000-0000-4000-8000-000000000011', '00000000-0000-4000-8000-000000000201', 'DEMO-BEN2-8R4N'),
  ('00000000-0000-4000-8000-000000000403', '00000000-0000-4000-8000-000000000011', '00000000-0000-4000-8000-000000000201', 'DEMO-CLE2-9T5P'),
  ('00000000-0000-4000-8000-000000000404', '00000000-0000-4000-8000-000000000011', '00000000-0000-4000-8000-000000000201', 'DEMO-DAN2-2W6Q'),
  ('00000000-0000-4000-8000-000000000405', '00000000-0000-4000-8000-000000000011', '00000000-0000-4000-8000-000000000201', 'DEMO-EVE2-3X7R')
on conflict on constraint recipient_codes_are_of_one_recipient do nothing;

-- Amazon is platform stock that the client hands out, Target is the client's own.
insert into public.card_pools (
  id, client_id, brand_id, pool_name, denomination, pool_type, stock_owner, cost_per_card, client_cost_per_card) values
  ('00000000-0000-4000-8000-000000000301', '00000000-0000-4000-8000-000000000011', '00000000-0000-4000-8000-000000000101',
    'Acme Dental - Amazon $25', 25.00, 'client', 'platform', 23.50, null),
  ('00000000-0000-4000-8000-000000000302', '00000000-0000-4000-8000-000000000011', '00000000-0000-4000-8000-000000000105',
    'Acme Dental - Target $25', 25.00, 'client', 'client', 0, 23.75)
on conflict (id) do nothing;

-- Starbucks is bought when it is out of stock, Amazon and Target are not: the tour and the demo show both. The sandbox plays these two accounts.
insert into public.gift_card_suppliers (name, adapter, priority) values ('tillo', 'tillo', 10), ('tillo2', 'tillo', 20)
on conflict on constraint gift_card_suppliers_name_is_unique do nothing;

insert into public.supplier_brands (supplier_id, brand_id, brand_code)
select s.id, '00000000-0000-4000-8000-000000000106', 'starbucks' from public.gift_card_suppliers s where s.name in ('tillo', 'tillo2')
on conflict on constraint supplier_brands_are_unique do nothing;

insert into public.packages (id, client_id, name, description, price, duration_days, messages) values
  ('00000000-0000-4000-8000-000000000501', '00000000-0000-4000-8000-000000000011', 'Starter', '100 messages for a month', 19.00, 30, 100),
  ('00000000-0000-4000-8000-000000000502', '00000000-0000-4000-8000-000000000011', 'Business', '1,000 messages for a month', 99.00, 30, 1000)
on conflict (id) do nothing;

insert into public.vouchers (id, client_id, code, type, value, package_id, entitlement_days, description, is_public) values
  ('00000000-0000-4000-8000-000000000601', '00000000-0000-4000-8000-000000000011', 'DEMO-COIN-2K7M', 'credit', 15, null, null, '15 bizcoins', true),
  ('00000000-0000-4000-8000-000000000602', '00000000-0000-4000-8000-000000000011', 'DEMO-OFF2-8R4N', 'percentage', 20, null, 30,
    '20 % off the next package', true),
  ('00000000-0000-4000-8000-000000000603', '00000000-0000-4000-8000-000000000011', 'DEMO-PACK-9T5P', 'package', null,
    '00000000-0000-4000-8000-000000000501', null, 'A month of Starter', true),
  ('00000000-0000-4000-8000-000000000604', '00000000-0000-4000-8000-000000000011', 'DEMO-TEXT-3X7R', 'message', 50, null, null, '50 messages', true)
on conflict (id) do nothing;
