-- Agencies, clients, users and their roles.

insert into public.agencies (id, name, slug)
select growth.id('agency', n), 'Agency ' || n, 'growth-agency-' || n from generate_series(1, greatest(growth.clients() / 20, 1)) n;

insert into public.clients (id, agency_id, name, slug, created_at)
select growth.id('client', n), growth.id('agency', 1 + n % greatest(growth.clients() / 20, 1)), 'Client ' || n, 'growth-client-' || n,
  now() - interval '2 years'
from generate_series(1, growth.clients()) n;

-- one of each staff role for every client, an admin for every agency, one platform admin, and the customers
insert into auth.users (id, email, email_confirmed_at)
select growth.id(kind, n), kind || n || '@growth.example', now()
from (values ('client_admin', growth.clients()), ('call_agent', growth.clients()), ('agency_admin', growth.clients() / 20),
  ('platform_admin', 1), ('outsider', 1), ('customer', growth.customers())) k (kind, amount), generate_series(1, amount) n;

insert into public.memberships (user_id, role, client_id)
select growth.id(role, n), role, growth.id('client', n)
from unnest(array['client_admin', 'call_agent']) role, generate_series(1, growth.clients()) n;

insert into public.memberships (user_id, role, client_id)
select growth.id('customer', n), 'customer', growth.client(n) from generate_series(1, growth.customers()) n;

insert into public.memberships (user_id, role, agency_id)
select growth.id('agency_admin', n), 'agency_admin', growth.id('agency', n) from generate_series(1, growth.clients() / 20) n;

insert into public.memberships (user_id, role) values (growth.id('platform_admin', 1), 'platform_admin');
