begin;
set local search_path = public, extensions, tests;
select plan(10);

select tests.keep(tests.create_busy_tenant());
select tests.keep('admin', tests.create_user('client_admin', tests.the('client')));
select tests.keep('platform_admin', tests.create_user('platform_admin'));

select tests.sign_in(tests.the('admin'));
select throws_ok('select cost from public.brand_denominations', '42501', null,
  'A client admin cannot read what a card costs the platform');
select throws_ok('select * from public.brand_denominations', '42501', null, 'Nor by asking for every column');
select isnt_empty('select denomination, price from public.brand_denominations',
  'A client admin reads the values and prices');
select throws_ok('select cost_per_card from public.admin_card_sales', '42501', null,
  'A client admin cannot read what the cards of a sale had cost');
select isnt_empty('select price_per_card, total_amount from public.admin_card_sales', 'But what they were sold for');
select isnt_empty('select unit_price, amount from public.billing_lines', 'And what was billed, line by line');
select hasnt_column('public', 'billing_lines', 'margin', 'Without its margin');
select is_empty('select from public.billing_transactions', 'A client admin reads no bill, for it names the margin');
select tests.sign_out();

select tests.sign_in(tests.the('platform_admin'));
select isnt_empty('select cost_basis, margin from public.billing_transactions', 'A platform admin reads the bills');
select throws_ok('select from private.card_secrets', '42501', null, 'Not even a platform admin reads a sealed code');
select tests.sign_out();

select * from finish();
rollback;
