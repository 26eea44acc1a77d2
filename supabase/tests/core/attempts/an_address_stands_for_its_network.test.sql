begin;
set local search_path = public, extensions, tests;
select plan(7);

select is(private.network_of('203.0.113.7'), '203.0.113.7', 'An IPv4 address is one visitor');
select is(private.network_of('2001:db8:1:2:3:4:5:6'), '2001:db8:1:2::/64', 'An IPv6 network is one visitor');
select is(private.network_of('2001:db8:1:2::9'), private.network_of('2001:0db8:0001:0002:ffff::'),
  'However its addresses are written');
select isnt(private.network_of('::ffff:203.0.113.7'), private.network_of('::ffff:203.0.113.8'),
  'IPv4 written as IPv6 is IPv4');
select is(private.network_of('::ffff:203.0.113.7'), private.network_of('203.0.113.7'), 'The same address either way');
select is(private.network_of('no address'), 'unknown', 'What is no address is nobody''s');
select is(private.network_of(null), 'unknown', 'Without an address everybody is one visitor');

select * from finish();
rollback;
