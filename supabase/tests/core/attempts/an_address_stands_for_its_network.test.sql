-- address_of, network_of, attempt_keys: one visitor, however a proxy writes their address.
begin;
set local search_path = public, extensions, tests;
select plan(26);

create function pg_temp.network(address text, prefix_length int default 64) returns text language sql as $$
  select private.network_of(private.address_of(address), prefix_length)
$$;

select is(pg_temp.network('203.0.113.7'), '203.0.113.7', 'network_of: an IPv4 address → one visitor');
select is(pg_temp.network('2001:db8:1:2:3:4:5:6'), '2001:db8:1:2::/64', 'network_of: an IPv6 network → one visitor');
select is(pg_temp.network('2001:db8:1:2::9'), pg_temp.network('2001:0db8:0001:0002:ffff::'),
  '… in any notation');
select isnt(pg_temp.network('::ffff:203.0.113.7'), pg_temp.network('::ffff:203.0.113.8'),
  'network_of: IPv4-mapped IPv6 → the IPv4 address');
select is(pg_temp.network('::ffff:203.0.113.7'), pg_temp.network('203.0.113.7'), '… the same in either notation');
select is(pg_temp.network('no address'), 'unknown', 'network_of: an invalid address → unknown');
select is(pg_temp.network(null), 'unknown', 'network_of: no address → one shared bucket');

select is(private.address_of(written), address::inet, 'address_of: ' || written || ' → ' || coalesce(address, 'none'))
from (values
  ('203.0.113.7:51234', '203.0.113.7'),
  (' 203.0.113.7 ', '203.0.113.7'),
  ('[2001:db8::1]:443', '2001:db8::1'),
  ('[2001:db8::1]', '2001:db8::1'),
  ('2001:DB8::1', '2001:db8::1'),
  ('fe80::1%eth0', 'fe80::1'),
  ('[fe80::1%25eth0]:80', 'fe80::1'),
  ('::ffff:cb00:7107', '203.0.113.7'),
  ('[::ffff:203.0.113.7]:80', '203.0.113.7'),
  ('203.0.113.7/8', '203.0.113.7'),
  ('203.0.113.700', null),
  ('1.2.3.4:5:6', null),
  ('[2001:db8::1', null),
  ('', null)) as a (written, address);

select is(pg_temp.network('2001:db8:1:2::1', 48), pg_temp.network('2001:db8:1:ffff::9', 48), 'network_of: two networks of one /48 → one site');
select isnt(pg_temp.network('2001:db8:1:2::1', 48), pg_temp.network('2001:db8:2:2::1', 48), 'network_of: two sites → two');
select ok(private.attempt_keys(tests.request(ip => '2001:db8::1')) ? 'site' and not private.attempt_keys(tests.request(ip => '203.0.113.7')) ? 'site',
  'attempt_keys: IPv6 → a key for its site, IPv4 → none');
select is(private.attempt_keys(tests.request(ip => '203.0.113.7:80')), private.attempt_keys(tests.request(ip => '::ffff:203.0.113.7')), 'attempt_keys: the same address either way → the same keys');
select is(private.attempt_keys(tests.request(ip => 'x')) ->> 'scope', 'none', 'attempt_keys: without a campaign → scope none');

select * from finish();
rollback;
