import { isIP } from 'node:net';
import { isPublicAddress } from './public-address.ts';

/** Where calls to addresses that customers of this deployment choose may go. */
export interface EgressRules {
  /** Private and loopback addresses too, on any port: for one machine, never in production. */
  readonly allowPrivate: boolean;
  /** Nothing unencrypted: production. */
  readonly httpsOnly: boolean;
}

/** Names that never lead out of the machine or its network. */
const insideNames = /(^|\.)(localhost|local|internal|intranet|lan|home\.arpa)$/;
const maxLength = 2_048;

/**
 * What stands against calling this URL, as far as its text tells; where its name leads is seen at the socket, each time
 * (see guarded-agent.ts).
 *
 * @returns a clause that fits after "must", or null when nothing does.
 */
export function faultOfUrl(text: string, rules: EgressRules): string | null {
  if (text.length > maxLength || !URL.canParse(text)) return 'be a URL such as https://app.example/webhooks';
  const url = new URL(text);
  if (url.protocol !== 'https:' && (url.protocol !== 'http:' || rules.httpsOnly))
    return rules.httpsOnly ? 'begin with https://' : 'begin with https:// or http://';
  if (url.username !== '' || url.password !== '')
    return 'carry no user name or password: the signature proves who sent';
  if (url.hash !== '') return 'have no fragment';
  if (rules.allowPrivate) return null;
  if (!isOpenPort(url.port)) return 'use the port 80, 443 or one from 1024';
  const host = hostOf(url);
  if (isIP(host) === 0 && (insideNames.test(host) || !host.includes('.'))) return 'name a host on the public Internet';
  if (isIP(host) !== 0 && !isPublicAddress(host)) return 'lead to an address on the public Internet';
  return null;
}

/** Without brackets and the root's dot. URLs have turned octal, hexadecimal and short IPv4 forms into the usual one. */
function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
}

/** Below 1024 are mail, databases' neighbours and shells; a web server there is on its own ports. */
function isOpenPort(port: string): boolean {
  return port === '' || port === '80' || port === '443' || Number(port) >= 1024;
}
