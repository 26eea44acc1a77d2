-- Wallets: each customer was credited eight times and has paid twice; one wallet has ten thousand lots more; credit of agencies and clients.

insert into public.ledger_accounts (id, client_id, kind, asset)
select growth.id(kind || ':' || asset, c), growth.id('client', c), kind, asset
from generate_series(1, growth.clients()) c, unnest(array['issuance', 'revenue', 'breakage']) kind, unnest(array['bizcoin', 'messages']) asset;

insert into public.ledger_accounts (id, client_id, kind, owner_type, owner_id, asset, balance, held, version)
select growth.id('wallet', k), growth.client(k), 'customer', 'user', growth.id('customer', k), 'bizcoin', 20, 0, 10
from generate_series(1, growth.customers()) k;

-- transfer n is number r of its customer, from 0 on: 0 to 7 credit 10, 8 and 9 take 30
create function growth.round(n bigint) returns bigint language sql stable as $$ select (n - 1) / growth.customers() $$;

insert into public.ledger_transfers (id, client_id, transfer_type, idempotency_key, created_at)
select growth.id('transfer', n), growth.customer_client(n), case when growth.round(n) < 8 then 'grant' else 'payment' end, 'growth-' || n,
  growth.at(n)
from generate_series(1, growth.rows()) n;

insert into public.ledger_entries (client_id, transfer_id, account_id, asset, amount, balance_after, version, created_at)
select growth.customer_client(n), growth.id('transfer', n), growth.id('wallet', growth.customer(n)), 'bizcoin',
  case when r < 8 then 10 else -30 end, case when r < 8 then (r + 1) * 10 else 80 - (r - 7) * 30 end, r + 1, growth.at(n)
from generate_series(1, growth.rows()) n, lateral growth.round(n) r order by n;

insert into public.ledger_entries (client_id, transfer_id, account_id, asset, amount, created_at)
select growth.id('client', c), growth.id('transfer', n),
  growth.id(case when r < 8 then 'issuance:bizcoin' else 'revenue:bizcoin' end, c), 'bizcoin', case when r < 8 then -10 else 30 end, growth.at(n)
from generate_series(1, growth.rows()) n, lateral growth.round(n) r, lateral growth.client_number(growth.customer(n)) c order by n;

insert into public.ledger_lots (client_id, account_id, transfer_id, amount, remaining, expires_at, spent_at, created_at)
select growth.customer_client(n), growth.id('wallet', growth.customer(n)), growth.id('transfer', n), 10, case when r < 6 then 0 else 10 end,
  case when r = 7 then now() + interval '1 year' end, case when r < 6 then growth.at(n) + interval '1 day' end, growth.at(n)
from generate_series(1, growth.rows()) n, lateral growth.round(n) r where r < 8 order by n;

-- the first payment takes the lots of the first three credits, the second those of the next three
insert into private.ledger_lot_uses (transfer_id, lot_id, amount)
select growth.id('transfer', k + (8 + r / 3) * growth.customers()), l.id, -10
from generate_series(1, growth.customers()) c (k) cross join generate_series(0, 5) x (r)
join public.ledger_lots l on l.transfer_id = growth.id('transfer', k + r * growth.customers());

insert into public.ledger_holds (id, client_id, account_id, amount, status, idempotency_key, expires_at, created_at, released_at)
select growth.id('hold', n), growth.customer_client(n), growth.id('wallet', growth.customer(n)), 10, 'released', 'growth-' || n,
  growth.at(n) + interval '1 hour', growth.at(n), growth.at(n) + interval '1 minute'
from generate_series(1, growth.rows(), 2) n;

insert into private.ledger_hold_lots (hold_id, lot_id, amount)
select growth.id('hold', n), l.id, 10 from generate_series(1, growth.rows(), 2) n
join public.ledger_lots l on l.transfer_id = growth.id('transfer', growth.customer(n));

-- the wallet of customer 1
create function growth.many_lots() returns int language sql stable as $$ select least(10000, growth.rows() / 10) $$;

insert into public.ledger_transfers (id, client_id, transfer_type, idempotency_key, created_at)
select growth.id('many', n), growth.client(1), 'grant', 'growth-many-' || n, now() - interval '1 hour' from generate_series(1, growth.many_lots()) n;

insert into public.ledger_entries (client_id, transfer_id, account_id, asset, amount, balance_after, version, created_at)
select growth.client(1), growth.id('many', n), growth.id('wallet', 1), 'bizcoin', 1, 20 + n, 10 + n, now() - interval '1 hour'
from generate_series(1, growth.many_lots()) n;

insert into public.ledger_entries (client_id, transfer_id, account_id, asset, amount, created_at)
select growth.client(1), growth.id('many', n), growth.id('issuance:bizcoin', growth.client_number(1)), 'bizcoin', -1, now() - interval '1 hour'
from generate_series(1, growth.many_lots()) n;

insert into public.ledger_lots (client_id, account_id, transfer_id, amount, remaining, created_at)
select growth.client(1), growth.id('wallet', 1), growth.id('many', n), 1, 1, now() - interval '1 hour'
from generate_series(1, growth.many_lots()) n;

update public.ledger_accounts a set balance = 20 + growth.many_lots(), version = 10 + growth.many_lots() where a.id = growth.id('wallet', 1);

-- credit: each agency has allocated 1 to its clients again and again
insert into public.ledger_accounts (id, kind, asset)
select growth.id('credit_issuance', 1), 'issuance', 'credit:USD'
where not exists (select from public.ledger_accounts a where a.client_id is null and a.kind = 'issuance' and a.asset = 'credit:USD');

insert into public.ledger_accounts (id, client_id, kind, owner_type, owner_id, asset, balance, held, version)
select growth.id('credit', c), growth.id('client', c), 'customer', 'client', growth.id('client', c), 'credit:USD', 0, 0, 0
from generate_series(1, growth.clients()) c;

insert into public.ledger_accounts (id, kind, owner_type, owner_id, asset, balance, held, version)
select growth.id('agency_credit', a), 'customer', 'agency', growth.id('agency', a), 'credit:USD', 0, 0, 0
from generate_series(1, growth.clients() / 20) a;

insert into public.ledger_transfers (id, client_id, transfer_type, idempotency_key, created_at)
select growth.id('allocation', n), growth.client(n), 'allocation', 'growth-allocation-' || n, growth.at(n)
from generate_series(1, growth.rows(), 10) n
union all
select growth.id('agency_allocation', a), null, 'allocation', 'growth-agency-' || a, now() - interval '2 years'
from generate_series(1, growth.clients() / 20) a;

-- an agency got what its clients have; all in one transfer, before them
create view growth.allocations as
select n, c, 1 + c % greatest(growth.clients() / 20, 1) as a, row_number() over (partition by c order by n) as nth,
  row_number() over (partition by 1 + c % greatest(growth.clients() / 20, 1) order by n) as agency_nth,
  count(*) over (partition by 1 + c % greatest(growth.clients() / 20, 1)) as agency_total
from generate_series(1, growth.rows(), 10) n, lateral growth.client_number(n) c;

insert into public.ledger_entries (client_id, transfer_id, account_id, asset, amount, balance_after, version, created_at)
select growth.id('client', c), growth.id('allocation', n), growth.id('credit', c), 'credit:USD', 1, nth, nth, growth.at(n)
from growth.allocations
union all
select null, growth.id('allocation', n), growth.id('agency_credit', a), 'credit:USD', -1, agency_total - agency_nth, agency_nth + 1, growth.at(n)
from growth.allocations;

insert into public.ledger_entries (transfer_id, account_id, asset, amount, balance_after, version, created_at)
select distinct growth.id('agency_allocation', a), growth.id('agency_credit', a), 'credit:USD', agency_total, agency_total, 1,
  now() - interval '2 years'
from growth.allocations;

insert into public.ledger_entries (transfer_id, account_id, asset, amount, created_at)
select distinct growth.id('agency_allocation', a), i.id, 'credit:USD', -agency_total, now() - interval '2 years'
from growth.allocations, public.ledger_accounts i where i.client_id is null and i.kind = 'issuance' and i.asset = 'credit:USD';

delete from public.ledger_transfers t where t.idempotency_key like 'growth-agency-%'
  and not exists (select from public.ledger_entries e where e.transfer_id = t.id);

update public.ledger_accounts a set balance = e.balance, version = e.version
from (select e.account_id, sum(e.amount) as balance, count(*) as version from public.ledger_entries e where e.asset = 'credit:USD' group by 1) e
where a.id = e.account_id and a.kind = 'customer';

insert into public.ledger_lots (client_id, account_id, transfer_id, amount, remaining, created_at)
select growth.id('client', c), growth.id('credit', c), growth.id('allocation', n), 1, 1, growth.at(n) from growth.allocations
union all
select distinct null::uuid, growth.id('agency_credit', a), growth.id('agency_allocation', a), agency_total, 0, now() - interval '2 years'
from growth.allocations where false;
