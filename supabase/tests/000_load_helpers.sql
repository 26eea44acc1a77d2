-- The first file that `supabase test db` runs (pg_prove goes by path): it loads what the tests call. `npm test` loads the helpers by
-- itself and skips this file.
create extension if not exists pgtap with schema extensions;
set client_min_messages = warning;
\ir helpers/core.psql
\ir helpers/deliveries.psql
\ir helpers/gift_cards.psql
\ir helpers/ledger.psql
\ir helpers/packages.psql
\ir helpers/reports.psql
\ir helpers/tenants.psql
\ir helpers/vouchers.psql
\ir helpers/webhooks.psql

set search_path = extensions, pg_catalog;
select plan(1);
select has_schema('tests');
select * from finish();
