-- Pools, lots, cards and their secrets.

-- one pool for each client, one master pool for each brand
insert into public.card_pools (id, client_id, brand_id, pool_name, denomination, pool_type, stock_owner, cost_per_card)
select growth.id('pool', n), growth.id('client', n), growth.brand_of(n), 'Pool ' || n, 25, 'client', 'platform', 23.5
from generate_series(1, growth.clients()) n;

insert into public.card_pools (id, brand_id, pool_name, denomination, pool_type, stock_owner, cost_per_card)
select growth.id('master', n), growth.id('brand', n), 'Master ' || n, 25, 'master', 'platform', 23.5 from generate_series(1, 20) n;

insert into private.card_lots (id, pool_id) select growth.id('lot', n), growth.id('pool', n) from generate_series(1, growth.clients()) n;
insert into private.card_lots (id, pool_id) select growth.id('master_lot', n), growth.id('master', n) from generate_series(1, 20) n;

-- the pool of client 4 has a thousand expiry lots
insert into private.card_lots (id, pool_id, expires_at, given_until)
select growth.id('dated_lot', n), growth.id('pool', 4), day, day - interval '1 day'
from generate_series(1, 1000) n, lateral (select date_trunc('day', now()) + (n + 30) * interval '1 day') x (day);

-- cards 1 to rows were given to the recipients of the same number
insert into public.gift_cards (id, client_id, pool_id, lot_id, code_last4, status, recipient_id, grant_id, delivery_method, expires_at,
  exposed_at, created_at, claimed_at, delivered_at, redeemed_at, expired_at, cancelled_at)
select growth.id('card', n), growth.id('client', c), growth.id('pool', c), growth.id('lot', c), lpad((n % 10000)::text, 4, '0'), status,
  growth.id('recipient', n), growth.id('grant', n), 'sms', case when n % 2 = 0 then at + interval '2 years' end, at,
  at - interval '30 days', at, at + interval '5 s', case status when 'redeemed' then at + interval '1 day' end,
  case status when 'expired' then at + interval '1 day' end, null
from generate_series(1, growth.rows()) n, lateral growth.client_number(n) c, lateral growth.at(n) at,
  lateral (select case when n % 100 < 70 then 'delivered' when n % 100 < 90 then 'redeemed' when n % 100 < 98 then 'expired' else 'delivered' end) s (status);

-- half as many are in stock, each client's in its pool, and a fifth of them in the thousand lots
insert into public.gift_cards (id, client_id, pool_id, lot_id, code_last4)
select growth.id('stock', n), growth.id('client', c), growth.id('pool', c),
  case when c = 4 then growth.id('dated_lot', 1 + n % 1000) else growth.id('lot', c) end, lpad((n % 10000)::text, 4, '0')
from generate_series(1, growth.rows() / 2) n, lateral (select case when n % 5 = 0 then 4 else growth.client_number(n) end) x (c);

insert into public.gift_cards (id, pool_id, lot_id, code_last4)
select growth.id('master_stock', n), growth.id('master', b), growth.id('master_lot', b), lpad((n % 10000)::text, 4, '0')
from generate_series(1, growth.rows() / 10) n, lateral (select 1 + n % 20) x (b);

insert into private.card_secrets (gift_card_id, code_fingerprint, code_sealed, seal_key_id)
select c.id, sha256(c.id::text::bytea), decode(repeat(md5(c.id::text), 2), 'hex'), 'growth' from public.gift_cards c
where not exists (select from private.card_secrets s where s.gift_card_id = c.id);

update private.card_lots l set available_cards = n.available
from (select c.lot_id, count(*) as available from public.gift_cards c where c.status = 'available' group by 1) n where n.lot_id = l.id;

update public.card_pools p set total_cards = n.total, available_cards = n.available, delivered_cards = n.delivered,
  redeemed_cards = n.redeemed, received_cards = n.received, expired_cards = n.expired
from (
  select c.pool_id, count(*) as total, count(*) filter (where c.counted_as = 'available') as available,
    count(*) filter (where c.counted_as = 'delivered') as delivered, count(*) filter (where c.status = 'redeemed') as redeemed,
    count(*) filter (where c.was_received) as received, count(*) filter (where c.counted_as = 'expired') as expired
  from public.gift_cards c group by 1) n where n.pool_id = p.id;

-- a file of ten lines for each pool, all of them known already
insert into public.imports (id, client_id, kind, subject_id, file_hash, status, row_count, known_count, started_at, ended_at)
select growth.id('import', n), growth.id('client', n), 'gift_cards', growth.id('pool', n), md5('file' || n), 'finished', 10, 10,
  now() - interval '1 month', now() - interval '1 month'
from generate_series(1, growth.clients()) n;

insert into public.import_rows (import_id, client_id, row_number, chunk, line, outcome)
select growth.id('import', c), growth.id('client', c), number, 1, number, 'known'
from generate_series(1, growth.clients()) c, generate_series(1, 10) number;
