import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Forbidden, isPublic, targetOf } from './guard.ts';

const INNER = [
  '0.0.0.0',
  '10.0.0.1',
  '10.255.255.255',
  '100.64.0.1',
  '100.127.255.255',
  '127.0.0.1',
  '127.255.255.254',
  '169.254.0.1',
  '169.254.169.254', // the metadata of most clouds
  '169.254.170.2', // of containers
  '172.16.0.1',
  '172.31.255.255',
  '192.0.0.192', // of Oracle
  '192.0.2.1',
  '192.88.99.1',
  '192.168.1.1',
  '198.18.0.1',
  '198.51.100.1',
  '203.0.113.1',
  '224.0.0.1',
  '239.255.255.255',
  '240.0.0.1',
  '255.255.255.255',
  '100.100.100.200', // of Alibaba
  '::',
  '::1',
  '::127.0.0.1',
  '::ffff:127.0.0.1',
  '::ffff:7f00:1',
  '::ffff:169.254.169.254',
  '::ffff:8.8.8.8',
  '64:ff9b::7f00:1',
  '64:ff9b:1::1',
  '100::1',
  '2001::1', // Teredo
  '2001:db8::1',
  '2002:7f00:1::', // 6to4 of 127.0.0.1
  '3fff::1',
  'fc00::1',
  'fd00:ec2::254', // of Amazon
  'fe80::1',
  'fe80::1%eth0',
  'fec0::1',
  'ff02::1',
  'not an address',
  '',
];

const OUTER = [
  '1.1.1.1',
  '8.8.8.8',
  '100.63.255.255',
  '172.15.0.1',
  '172.32.0.1',
  '192.169.0.1',
  '2606:4700::1111',
  '2a00::1',
];

/** What a URL comes to when its name has these addresses. */
async function comesTo(url: string, addresses: string[] = ['1.1.1.1'], allowed: string[] = []): Promise<string> {
  try {
    return (await targetOf(url, allowed, () => Promise.resolve(addresses))).address;
  } catch (error) {
    assert.ok(error instanceof Forbidden, String(error));
    return error.code;
  }
}

Deno.test('isPublic: private, special and malformed addresses → false, others → true', () => {
  assert.deepEqual(INNER.filter(isPublic), []);
  assert.deepEqual(OUTER.filter((address) => !isPublic(address)), []);
});

Deno.test('isPublic: any address of a private network → false', () => {
  const byte = fc.integer({ min: 0, max: 255 });
  const inner = fc.oneof(
    fc.tuple(fc.constantFrom(0, 10, 127), byte, byte, byte),
    fc.tuple(fc.constant(192), fc.constant(168), byte, byte),
    fc.tuple(fc.constant(169), fc.constant(254), byte, byte),
    fc.tuple(fc.constant(172), fc.integer({ min: 16, max: 31 }), byte, byte),
    fc.tuple(fc.integer({ min: 224, max: 255 }), byte, byte, byte),
  );
  fc.assert(fc.property(inner, (bytes) => !isPublic(bytes.join('.')) && !isPublic(`::ffff:${bytes.join('.')}`)));
});

Deno.test('targetOf: a public https URL → the address that was checked', async () => {
  const target = await targetOf(
    'https://hooks.example.com:8443/in?x=1',
    [],
    () => Promise.resolve(['8.8.8.8', '1.1.1.1']),
  );
  assert.deepEqual([target.address, target.port, target.isEncrypted], ['8.8.8.8', 8443, true]);
  assert.equal(await comesTo('https://[2606:4700::1111]/'), '2606:4700::1111');
});

Deno.test('targetOf: a name with any private address → refused', async () => {
  for (const address of INNER.filter(Boolean)) {
    assert.equal(await comesTo('https://hooks.example.com/', [address]), 'address_refused', address);
    assert.equal(await comesTo('https://hooks.example.com/', ['1.1.1.1', address]), 'address_refused', address);
  }
});

Deno.test('targetOf: a private address in any notation → refused', async () => {
  const urls = [
    'https://127.0.0.1/',
    'https://127.1/',
    'https://0177.0.0.1/',
    'https://0x7f.0.0.1/',
    'https://0x7f000001/',
    'https://2130706433/',
    'https://017700000001/',
    'https://127.0.0.1.:443/',
    'https://１２７.0.0.1/',
    'https://0/',
    'https://169.254.169.254/latest/meta-data/',
    'https://[::1]/',
    'https://[::]/',
    'https://[::ffff:127.0.0.1]/',
    'https://[::ffff:a9fe:a9fe]/',
    'https://[fd00:ec2::254]/',
    'https://[64:ff9b::169.254.169.254]/',
  ];
  for (const url of urls) assert.equal(await comesTo(url, ['127.0.0.1']), 'address_refused', url);
});

Deno.test('targetOf: other schemes, credentials, malformed URLs → refused', async () => {
  const urls = [
    'http://hooks.example.com/',
    'ftp://hooks.example.com/',
    'file:///etc/passwd',
    'gopher://hooks.example.com/',
    'data:text/plain,x',
    'javascript:alert(1)',
    'https://user:password@hooks.example.com/',
    'https://hooks.example.com@127.0.0.1/',
    'https://',
    '//hooks.example.com/',
    'hooks.example.com',
    '',
  ];
  for (const url of urls) assert.equal(await comesTo(url), 'url_refused', url);
});

Deno.test('targetOf: an unknown host name → not found', async () => {
  assert.equal(await comesTo('https://hooks.example.com/', []), 'host_not_found');
  assert.equal(
    await targetOf('https://x.example/', [], () => Promise.reject(new Error('ENOTFOUND'))).catch(({ code }) => code),
    'host_not_found',
  );
});

Deno.test('targetOf: localhost by the real resolver → refused', async () => {
  await assert.rejects(targetOf('https://localhost/'), { code: 'address_refused' });
});

Deno.test('targetOf: an allowed host and port → may be private and http, no other', async () => {
  const allowed = ['127.0.0.1:8080'];
  assert.equal(await comesTo('http://127.0.0.1:8080/in', [], allowed), '127.0.0.1');
  assert.equal(await comesTo('http://127.0.0.1:8081/in', [], allowed), 'url_refused');
  assert.equal(await comesTo('https://127.0.0.1/in', [], allowed), 'address_refused');
  assert.equal(await comesTo('http://hooks.example.com:8080/in', ['1.1.1.1'], allowed), 'url_refused');
});
