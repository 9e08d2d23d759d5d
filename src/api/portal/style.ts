import { createHash } from 'node:crypto';

/** The page's whole look; the policy names it by its hash, so that nothing else can be styled in. */
export const style = `:root{color-scheme:light dark;--ink:#1b1d23;--soft:#5b6270;--line:#e2e5ea;--paper:#fff;--ground:#f5f6f8;
--accent:#1f4fd8;--on-accent:#fff;--good:#0b6b3a;--good-bg:#e3f5ea;--bad:#a01717;--bad-bg:#fdeaea;--warn:#7a4b00;--warn-bg:#fdf1d8}
@media(prefers-color-scheme:dark){:root{--ink:#eceef2;--soft:#a7aebb;--line:#343943;--paper:#1d2027;--ground:#14161b;
--accent:#9db8ff;--on-accent:#10131a;--good:#8be0ae;--good-bg:#12331f;--bad:#ffb0b0;--bad-bg:#401616;--warn:#ffd58a;--warn-bg:#3d2c0a}}
*{box-sizing:border-box}body{margin:0;background:var(--ground);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
main{max-width:46rem;margin:0 auto;padding:2rem 1rem 4rem}h1{font-size:1.6rem;line-height:1.25;margin:0 0 .25rem}
h2{font-size:1.1rem;margin:2.25rem 0 .75rem}h3{font-size:1.05rem;margin:0}p{margin:.35rem 0}.soft{color:var(--soft)}
.card{background:var(--paper);border:1px solid var(--line);border-radius:12px;padding:1.1rem 1.25rem;margin:0 0 .75rem}
.row{display:flex;flex-wrap:wrap;align-items:center;justify-content:space-between;gap:.5rem 1rem}
.actions{display:flex;flex-wrap:wrap;gap:.5rem;margin-top:.75rem}.actions form{margin:0}
.pill{display:inline-block;border-radius:99px;padding:.1rem .6rem;font-size:.85rem;font-weight:600;background:var(--ground);color:var(--soft)}
.pill.good{background:var(--good-bg);color:var(--good)}.pill.bad{background:var(--bad-bg);color:var(--bad)}
.pill.warn{background:var(--warn-bg);color:var(--warn)}
.notice{border-radius:12px;padding:.8rem 1.25rem;margin:1.25rem 0 0;background:var(--good-bg);color:var(--good)}
.notice.bad{background:var(--bad-bg);color:var(--bad)}
button,summary,.button{display:inline-block;min-height:2.75rem;padding:.55rem 1rem;border:1px solid var(--line);border-radius:8px;
background:var(--paper);color:var(--ink);font:inherit;font-weight:600;text-decoration:none;cursor:pointer}
button.main,.button.main{background:var(--accent);border-color:var(--accent);color:var(--on-accent)}
button.danger{background:var(--bad);border-color:var(--bad);color:var(--paper)}
button:hover,summary:hover,.button:hover{filter:brightness(.96)}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
summary{list-style:none}summary::-webkit-details-marker{display:none}details[open]>summary{margin-bottom:.5rem}
a{color:var(--accent)}.scroll{overflow-x:auto}table{border-collapse:collapse;width:100%}
th,td{text-align:left;padding:.5rem .75rem .5rem 0;border-bottom:1px solid var(--line)}tr:last-child td{border-bottom:0}
th{font-size:.85rem;color:var(--soft);font-weight:600}.sum{white-space:nowrap;font-variant-numeric:tabular-nums}
code{font-family:ui-monospace,monospace;font-size:1.05rem;overflow-wrap:anywhere}footer{margin-top:2.5rem}
@media(max-width:34rem){th:nth-child(2),td:nth-child(2){display:none}th:last-child{font-size:0}main{padding-top:1.25rem}}`;

/** No script, no frame around it, no other host; forms go to us alone. */
export const contentSecurityPolicy = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'`,
  'img-src data:',
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');
