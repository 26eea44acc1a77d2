begin;
set local search_path = public, extensions, tests;
select plan(15);

select tests.keep('client', tests.create_client());
select tests.keep('agency', (select agency_id from public.clients where id = tests.the('client')));
select tests.keep('stranger', tests.create_client());
select tests.keep('brand', tests.create_brand());
insert into public.brand_denominations (brand_id, denomination) values (tests.the('brand'), 10);

create function pg_temp.offered(client text default 'client', denomination numeric default 25, currency text default 'USD')
returns text language plpgsql as $$
begin
  perform private.assert_offered(tests.the(client), tests.the('brand'), denomination, currency);
  return 'offered';
exception when sqlstate 'GC002' then
  return 'GC-002';
end $$;

select is(pg_temp.offered(), 'offered', 'assert_offered: a value without a setting → offered');
select is(pg_temp.offered(denomination => 33), 'GC-002', 'assert_offered: a value that the platform does not have → GC-002');
select is(pg_temp.offered(currency => 'EUR'), 'GC-002', '… nor one in another currency');

update public.brand_denominations set is_enabled = false where brand_id = tests.the('brand') and denomination = 25;
select is(pg_temp.offered(), 'GC-002', 'assert_offered: a value that the platform disables → GC-002');
select is(pg_temp.offered(denomination => 10), 'offered', '… and no other');
update public.brand_denominations set is_enabled = true;
update public.gift_card_brands set is_enabled = false where id = tests.the('brand');
select is(pg_temp.offered(), 'GC-002', 'assert_offered: a brand that the platform disables → GC-002');
update public.gift_card_brands set is_enabled = true where id = tests.the('brand');

insert into public.agency_brands (agency_id, brand_id, is_enabled) values (tests.the('agency'), tests.the('brand'), false);
select is(pg_temp.offered(), 'GC-002', 'assert_offered: a brand that an agency disables → GC-002');
select is(pg_temp.offered('stranger'), 'offered', '… for its own clients only');
update public.agency_brands set is_enabled = true;
select is(pg_temp.offered(), 'offered', '… until it offers it again');
insert into public.agency_denominations (agency_id, brand_id, denomination, currency, is_enabled)
values (tests.the('agency'), tests.the('brand'), 25, 'USD', false);
select is(pg_temp.offered(), 'GC-002', 'assert_offered: a value that an agency disables → GC-002');
select is(pg_temp.offered(denomination => 10), 'offered', '… and no other');
update public.agency_denominations set is_enabled = true;

insert into public.client_brands (client_id, brand_id, is_enabled) values (tests.the('client'), tests.the('brand'), false);
select is(pg_temp.offered(), 'GC-002', 'assert_offered: a brand that a client leaves out → GC-002');
update public.client_brands set is_enabled = true where client_id = tests.the('client');
insert into public.client_denominations (client_id, brand_id, denomination, currency, is_enabled)
values (tests.the('client'), tests.the('brand'), 25, 'USD', false);
select is(pg_temp.offered(), 'GC-002', 'assert_offered: a value that a client leaves out → GC-002');
select is(pg_temp.offered(denomination => 10), 'offered', '… and no other');
select is(pg_temp.offered('stranger'), 'offered', '… for itself only');

select * from finish();
rollback;
