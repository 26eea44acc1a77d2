import assert from 'node:assert/strict';
import { isSignedByTwilio } from './signature.ts';

// Twilio's published example.
const url = 'https://mycompany.com/myapp.php?foo=1&bar=2';
const fields = {
  CallSid: 'CA1234567890ABCDE',
  Caller: '+14158675309',
  Digits: '1234',
  From: '+14158675309',
  To: '+18005551212',
};
const signature = 'RSOYDt4T1cUTdK1PDd93/VVr8B8=';

Deno.test('twilio signature: the published example → genuine', () => {
  assert.ok(isSignedByTwilio('12345', url, signature, fields));
});

Deno.test('twilio signature: field, URL, token or signature changed → refused', () => {
  assert.ok(!isSignedByTwilio('12345', url, signature, { ...fields, Digits: '1235' }));
  assert.ok(!isSignedByTwilio('12345', `${url}&baz=3`, signature, fields));
  assert.ok(!isSignedByTwilio('12346', url, signature, fields));
  assert.ok(!isSignedByTwilio('12345', url, signature.replace('R', 'S'), fields));
  assert.ok(!isSignedByTwilio('12345', url, 'Zm9v', fields));
  assert.ok(!isSignedByTwilio('12345', url, '', fields));
  assert.ok(!isSignedByTwilio('12345', url, null, fields));
});
