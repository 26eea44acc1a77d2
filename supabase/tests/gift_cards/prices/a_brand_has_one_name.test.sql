begin;
set local search_path = public, extensions, tests;
select plan(6);

select tests.sign_in(tests.create_user('platform_admin'));
select is((public.create_brand(E' Acme\u00a0 Books ')).name, E'Acme\u00a0 Books', 'create_brand: a name with blanks around it → trimmed');
select throws_ok(format('select public.create_brand(%L)', name), 'RB400', 'name is the name of another brand',
  format('create_brand: "%s" beside "Acme Books" → RB-400', name))
from unnest(array['Acme Books', 'acme books', '  ACME   BOOKS ', 'Ａｃｍｅ Books']) name;
select is((public.create_brand('AcmeBooks')).name, 'AcmeBooks', 'create_brand: another name → made');

select * from finish();
rollback;
