-- Brands, offers, campaigns, recipients and their codes.

insert into public.gift_card_brands (id, name, code_format, redemption_url)
select growth.id('brand', n), 'Growth brand ' || n, '^[A-Z0-9-]{4,64}$', 'https://brand.example/redeem' from generate_series(1, 20) n;

insert into public.brand_denominations (brand_id, denomination, cost, price)
select growth.id('brand', n), value, value - 1.5, value from generate_series(1, 20) n, unnest(array[10, 25, 50, 500]) value;

-- brand 1 is that of two clients in five: 2,000 of 5,000
create function growth.brand_of(client bigint) returns uuid language sql immutable as $$
  select growth.id('brand', case when client % 5 < 2 then 1 else 2 + client % 18 end)
$$;

insert into public.agency_brands (agency_id, brand_id, markup_percentage)
select growth.id('agency', a), growth.id('brand', b), 5 from generate_series(1, growth.clients() / 20) a, generate_series(1, 10) b;

insert into public.client_brands (client_id, brand_id)
select growth.id('client', c), b from generate_series(1, growth.clients()) c,
  lateral (select growth.brand_of(c) union select growth.id('brand', 20)) brand (b);

-- one campaign for each client, and a fifth as many ended ones for the big client
insert into public.campaigns (id, client_id, campaign_name, billing_entity, status, created_at)
select growth.id('campaign', n), growth.id('client', case when n <= growth.clients() then n else 1 end), 'Campaign ' || n, 'client',
  case when n <= growth.clients() then 'active' else 'ended' end, now() - interval '1 year'
from generate_series(1, growth.clients() * 6 / 5) n;

insert into public.campaign_conditions (client_id, campaign_id, condition_number, condition_name, brand_id, card_value, crm_event_name,
  is_self_service)
select c.client_id, c.id, number, 'Condition ' || number, growth.brand_of(n), 25, 'event_' || number, number = 1
from generate_series(1, growth.clients() * 6 / 5) n join public.campaigns c on c.id = growth.id('campaign', n), generate_series(1, 2) number;

-- recipients 1 to rows have a grant; the others, all of the big client, make its campaign one of six tenths of all rows
create function growth.recipient_client(n bigint) returns bigint language sql stable as $$
  select case when n > growth.rows() then 1 else growth.client_number(n) end
$$;

insert into public.campaign_recipients (id, client_id, campaign_id, first_name, last_name, email, phone, external_crm_id, state, country,
  created_at)
select growth.id('recipient', n), growth.id('client', c), growth.id('campaign', c), 'Ada', 'Archer ' || n, 'r' || n || '@growth.example',
  '+1' || (2020000000 + n), 'crm-' || n, 'NY', 'US', growth.at(n) - interval '1 day'
from generate_series(1, growth.rows() * 13 / 10) n, lateral growth.recipient_client(n) c;

insert into public.recipient_codes (recipient_id, client_id, campaign_id, redemption_token)
select r.id, r.client_id, r.campaign_id, upper(left(md5('code' || r.id), 16)) from public.campaign_recipients r
where r.last_name like 'Archer %' and r.email like '%@growth.example';

insert into private.recipient_lists (campaign_id, list_hash, recipient_ids)
select growth.id('campaign', n), md5('list' || n), array[growth.id('recipient', n)] from generate_series(1, growth.clients()) n;
