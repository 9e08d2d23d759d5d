import { describe, expect, it } from 'vitest';
import { faultOfUrl, type EgressRules } from '../../../src/egress/egress-rules.ts';
import { isPublicAddress } from '../../../src/egress/public-address.ts';

describe('an address on the public Internet', () => {
  it.each(['1.1.1.1', '8.8.8.8', '172.15.255.255', '172.32.0.1', '100.63.255.255', '100.128.0.1', '223.255.255.255'])(
    'is %s',
    (address) => expect(isPublicAddress(address)).toBe(true),
  );
  it.each(['2606:4700:4700::1111', '2a00:1450:4001::200e', '::ffff:1.1.1.1'])('is %s', (address) =>
    expect(isPublicAddress(address)).toBe(true),
  );

  it.each([
    ['this host', '0.0.0.0'],
    ['this network', '0.1.2.3'],
    ['loopback', '127.0.0.1'],
    ['all of loopback', '127.255.255.254'],
    ['private', '10.0.0.1'],
    ['private', '172.16.0.1'],
    ['private', '172.31.255.255'],
    ['private', '192.168.1.1'],
    ['carrier-grade NAT', '100.64.0.1'],
    ["a cloud's metadata in it", '100.100.100.200'],
    ['metadata', '169.254.169.254'],
    ['metadata of containers', '169.254.170.2'],
    ['metadata in protocol assignments', '192.0.0.192'],
    ["a cloud's inside at a public address", '168.63.129.16'],
    ['documentation', '192.0.2.1'],
    ['documentation', '198.51.100.1'],
    ['documentation', '203.0.113.1'],
    ['benchmarks', '198.18.0.1'],
    ['6to4 relays', '192.88.99.1'],
    ['multicast', '224.0.0.1'],
    ['reserved', '240.0.0.1'],
    ['broadcast', '255.255.255.255'],
    ['unspecified', '::'],
    ['loopback', '::1'],
    ['loopback written out', '0:0:0:0:0:0:0:1'],
    ['mapped loopback', '::ffff:127.0.0.1'],
    ['mapped loopback in hex', '::ffff:7f00:1'],
    ['mapped metadata', '::ffff:169.254.169.254'],
    ['mapped metadata in hex', '::ffff:a9fe:a9fe'],
    ['compatible loopback', '::127.0.0.1'],
    ['translated', '::ffff:0:127.0.0.1'],
    ['NAT64 of metadata', '64:ff9b::a9fe:a9fe'],
    ['NAT64 for local use', '64:ff9b:1::a00:1'],
    ['6to4 of a private one', '2002:a00:1::1'],
    ['Teredo', '2001:0:4136:e378:8000:63bf:3fff:fdd2'],
    ['link-local', 'fe80::1'],
    ['link-local with a zone', 'fe80::1%eth0'],
    ['site-local', 'fec0::1'],
    ['unique local', 'fd00::1'],
    ["a cloud's metadata", 'fd00:ec2::254'],
    ['multicast', 'ff02::1'],
    ['discard', '100::1'],
    ['documentation', '2001:db8::1'],
    ['documentation', '3fff::1'],
    ['segment routing', '5f00::1'],
    ['not given out', '4000::1'],
    ['no address', 'localhost'],
    ['no address', ''],
    ['an address with a port', '8.8.8.8:53'],
  ])('is none of %s (%s)', (_what, address) => expect(isPublicAddress(address)).toBe(false));
});

describe('a URL to send to', () => {
  const rules: EgressRules = { allowPrivate: false, httpsOnly: false };
  const production: EgressRules = { allowPrivate: false, httpsOnly: true };

  it.each([
    'https://app.example/webhooks',
    'https://app.example:8443/x?y=z',
    'http://app.example',
    'https://8.8.8.8/',
    'https://[2606:4700:4700::1111]/',
    'https://bücher.example/',
  ])('may be %s', (url) => expect(faultOfUrl(url, rules)).toBeNull());

  it.each([
    ['nothing', ''],
    ['no URL', 'app.example'],
    ['another protocol', 'ftp://app.example/'],
    ['a file', 'file:///etc/passwd'],
    ['credentials', 'https://user:pass@app.example/'],
    ['a fragment', 'https://app.example/#x'],
    ['a mail port', 'https://app.example:25/'],
    ['a shell', 'http://app.example:22/'],
    ['this machine', 'http://localhost:3000/'],
    ['this machine with a dot', 'http://localhost./'],
    ['a name below it', 'http://api.localhost/'],
    ['a name of the network', 'http://db.internal/'],
    ['metadata by name', 'http://metadata.google.internal/'],
    ['a bare name', 'http://postgres:5432/'],
    ['loopback', 'http://127.0.0.1/'],
    ['loopback as a number', 'http://2130706433/'],
    ['loopback in hex', 'http://0x7f000001/'],
    ['loopback in octal', 'http://0177.0.0.1/'],
    ['short loopback', 'http://127.1/'],
    ['full-width digits', 'http://１２７.0.0.1/'],
    ['loopback with a dot', 'http://127.0.0.1./'],
    ['IPv6 loopback', 'http://[::1]/'],
    ['mapped metadata', 'http://[::ffff:169.254.169.254]/'],
    ['NAT64', 'http://[64:ff9b::7f00:1]/'],
    ['too long', `https://app.example/${'x'.repeat(2_048)}`],
  ])('may not be %s', (_what, url) => expect(faultOfUrl(url, rules)).not.toBeNull());

  it('is https in production', () => {
    expect(faultOfUrl('http://app.example/', production)).toBe('begin with https://');
    expect(faultOfUrl('https://app.example/', production)).toBeNull();
  });

  it('may be on this machine where that is allowed', () => {
    expect(faultOfUrl('http://localhost:99/x', { allowPrivate: true, httpsOnly: false })).toBeNull();
    expect(faultOfUrl('ftp://localhost/', { allowPrivate: true, httpsOnly: false })).not.toBeNull();
  });
});
