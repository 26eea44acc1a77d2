begin;
set local search_path = public, extensions, tests;
select plan(16);

select tests.keep('client', tests.create_client());
select tests.keep('agency', (select agency_id from public.clients where id = tests.the('client')));
select tests.keep('sibling', tests.create_client());
update public.clients set agency_id = tests.the('agency') where id = tests.the('sibling');
select tests.keep('stranger', tests.create_client());
select tests.keep('brand', tests.create_brand());
insert into public.brand_denominations (brand_id, denomination) values (tests.the('brand'), 10);

create function pg_temp.price(payer text default 'client', denomination numeric default 25, billed text default 'client',
  currency text default 'USD') returns numeric language sql as $$
  select private.price_of_card(tests.the(payer), tests.the('brand'), denomination, currency, billed)
$$;

select is(pg_temp.price(), 25.00, 'price_of_card: no price → the face value');
select is(private.price_of_card(tests.the('client'), tests.the('brand'), 33, 'USD'), 33.00,
  'price_of_card: a value without a setting → the face value');
update public.brand_denominations set price = 24.50 where brand_id = tests.the('brand') and denomination = 25;
select is(pg_temp.price(), 24.50, 'price_of_card: the platform''s price of the value');
select is(pg_temp.price(currency => 'EUR'), 25.00, '… in its currency only');

insert into public.agency_brands (agency_id, brand_id, markup_percentage) values (tests.the('agency'), tests.the('brand'), 5);
select is(pg_temp.price(), 25.73, 'price_of_card: an agency''s markup → on the platform''s price, half up to cents (25.725)');
select is(pg_temp.price(denomination => 10), 10.50, 'price_of_card: a brand''s price rule → for every value of the brand');
select is(pg_temp.price('stranger'), 24.50, 'price_of_card: a client of another agency → the platform''s price');
select is(pg_temp.price(billed => 'agency'), 24.50, 'price_of_card: an agency that is billed itself → no markup');

insert into public.agency_denominations (agency_id, brand_id, denomination, currency, markup_percentage)
values (tests.the('agency'), tests.the('brand'), 25, 'USD', -10);
select is(pg_temp.price(), 22.05, 'price_of_card: a value''s markup → replaces that of its brand, and may be a discount');
update public.agency_denominations set markup_percentage = null, custom_price = 26.20 where agency_id = tests.the('agency');
select is(pg_temp.price(), 26.20, 'price_of_card: an agency''s custom price of a value → replaces the markup of the brand');
select is(pg_temp.price(denomination => 10), 10.50, 'price_of_card: a custom price → for that value only');
select throws_ok($$ update public.agency_denominations set markup_percentage = 1 $$, '23514',
  'new row for relation "agency_denominations" violates check constraint "agency_denominations_have_a_markup_or_a_price"',
  'price_of_card: a markup and a custom price → refused');

insert into public.client_denominations (client_id, brand_id, denomination, currency)
values (tests.the('client'), tests.the('brand'), 25, 'USD');
select is(pg_temp.price(), 26.20, 'price_of_card: a client without a price for the value → the agency''s');
update public.client_denominations set custom_price = 25.99 where client_id = tests.the('client');
select is(pg_temp.price(), 25.99, 'price_of_card: an agency''s price for one client → used');
select is(pg_temp.price('sibling'), 26.20, '… not for another client of the agency');
select is(pg_temp.price(billed => 'agency'), 24.50, '… nor for the agency');

select * from finish();
rollback;
