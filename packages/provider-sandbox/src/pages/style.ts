import type { ProviderId } from '../core/types.ts';

/** Each provider's manner: colours and where the summary sits, never its logo. */
const THEMES: Record<ProviderId, string> = {
  stripe:
    '--accent:#0a6cff;--accent-ink:#fff;--page:#fff;--side:#f6f8fa;--ink:#1a1f36;--muted:#5d6b82;--line:#d9e0ea;--field:#fff;--danger:#c4221a;--on-danger:#fff;--radius:6px',
  polar:
    '--accent:#fafafa;--accent-ink:#0b0b0e;--page:#0b0b0e;--side:#131318;--ink:#f4f4f6;--muted:#a0a0ad;--line:#2a2a33;--field:#17171d;--danger:#ff7a70;--on-danger:#2a0b08;--radius:14px',
  conekta:
    '--accent:#12205c;--accent-ink:#fff;--page:#f4f5fb;--side:#fff;--ink:#161b33;--muted:#5c6484;--line:#d5d9ec;--field:#fff;--danger:#c4221a;--on-danger:#fff;--radius:10px',
  fungies:
    '--accent:#5b3df5;--accent-ink:#fff;--page:#faf9ff;--side:#fff;--ink:#1d1633;--muted:#6a6480;--line:#ded9f2;--field:#fff;--danger:#c4221a;--on-danger:#fff;--radius:12px',
};

const BASE = `*{box-sizing:border-box}body{margin:0;font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;background:var(--page);color:var(--ink);-webkit-font-smoothing:antialiased}
.shell{min-height:100vh;display:grid;grid-template-columns:minmax(0,1fr) minmax(0,1fr)}
.side{background:var(--side);padding:56px clamp(20px,6vw,88px);border-right:1px solid var(--line);display:flex;justify-content:flex-end}
.side>div,.main>div{width:100%;max-width:420px}.main{padding:56px clamp(20px,6vw,88px)}
.single{max-width:520px;margin:0 auto;padding:64px 20px}.card{background:var(--side);border:1px solid var(--line);border-radius:calc(var(--radius) + 4px);padding:28px}
a{color:inherit}.back{display:inline-flex;gap:8px;text-decoration:none;color:var(--muted);font-size:14px}.back:hover{color:var(--ink)}
h1{font-size:18px;font-weight:600;margin:24px 0 4px;color:var(--muted)}.single h1{font-size:22px;line-height:1.3;margin:0 0 8px;color:var(--ink)}.amount{font-size:38px;line-height:1.3;font-weight:650;letter-spacing:-.02em;margin:0 0 4px}.amount small{font-size:15px;font-weight:550;letter-spacing:0;color:var(--muted)}
.mark{display:block;width:44px;height:44px;fill:none;stroke-width:1.6;stroke-linecap:round;stroke-linejoin:round;stroke:var(--muted);margin:0 0 16px}.mark circle{stroke:none;fill:color-mix(in srgb,var(--muted) 16%,transparent)}.mark.done{stroke:#1a9a56}.mark.done circle{fill:color-mix(in srgb,#1a9a56 18%,transparent)}
.note{color:var(--muted);font-size:14px;margin:0}ul.lines{list-style:none;margin:32px 0 0;padding:0}ul.lines li,.sum{display:flex;justify-content:space-between;gap:16px;padding:10px 0;font-size:15px}
ul.lines small{display:block;color:var(--muted);font-size:13px}.sum{border-top:1px solid var(--line)}.sum.total{font-weight:650}
.field{display:block;margin:0 0 16px}.field>span,.field>label{display:block;font-size:14px;font-weight:550;margin-bottom:6px}
input,select{width:100%;font:inherit;color:inherit;background:var(--field);border:1px solid var(--line);border-radius:var(--radius);padding:11px 12px}
input:focus-visible,select:focus-visible,button:focus-visible,summary:focus-visible,a:focus-visible{outline:3px solid color-mix(in srgb,var(--accent) 45%,transparent);outline-offset:1px}
input[aria-invalid=true]{border-color:var(--danger)}.row{display:grid;grid-template-columns:1fr 1fr;gap:12px}.error{color:var(--danger);line-height:1.4;font-size:14px;margin:6px 0 0}
.alert{border:1px solid color-mix(in srgb,var(--danger) 45%,var(--page));background:color-mix(in srgb,var(--danger) 9%,var(--page));border-radius:var(--radius);padding:12px 14px;margin:0 0 18px;font-size:15px}
button,.button{font:inherit;font-weight:600;width:100%;border:0;border-radius:var(--radius);padding:13px 16px;background:var(--accent);color:var(--accent-ink);cursor:pointer;text-align:center;display:block;text-decoration:none}
button:hover,.button:hover{filter:brightness(1.08)}button.quiet,.button.quiet{background:transparent;color:var(--ink);border:1px solid var(--line)}button:disabled{opacity:.6;cursor:wait}
.tabs{display:flex;gap:8px;margin:0 0 20px;border:0;padding:0;flex-wrap:wrap}.tabs legend{font-size:14px;font-weight:550;margin-bottom:6px}
.tabs label{flex:1 1 auto;display:flex;align-items:center;justify-content:center;border:1px solid var(--line);border-radius:var(--radius);padding:11px 12px;font-size:14px;font-weight:600;cursor:pointer;background:var(--field);text-align:center}
.tabs input{position:absolute;opacity:0;width:1px;height:1px}.tabs label:has(:checked){border-color:var(--accent);box-shadow:inset 0 0 0 1px var(--accent)}.tabs label:has(:focus-visible){outline:3px solid color-mix(in srgb,var(--accent) 45%,transparent)}
.pane{display:none}form:has([value=card]:checked) .pane.p-card,form:has([value=cash]:checked) .pane.p-cash,form:has([value=spei]:checked) .pane.p-spei,form.only-card .pane.p-card,form.only-cash .pane.p-cash,form.only-spei .pane.p-spei{display:block}
form[name=pay]:not(.only-card):not(:has([value=card]:checked))~details{display:none}
details{margin-top:24px;border:1px dashed var(--line);border-radius:var(--radius);padding:12px 14px}details[open]>summary{margin-bottom:6px}summary{cursor:pointer;font-weight:600;font-size:14px}
details ul{list-style:none;margin:10px 0 0;padding:0}details button{background:none;color:inherit;border:0;padding:8px;margin:0 -8px;width:calc(100% + 16px);display:flex;justify-content:space-between;align-items:baseline;gap:12px;font-weight:500;font-size:13.5px;text-align:left}details button:hover{filter:none;background:color-mix(in srgb,var(--muted) 14%,transparent)}
details code{font:13px ui-monospace,monospace;color:var(--muted);white-space:nowrap}.ribbon{position:absolute;z-index:2;top:0;right:0;width:104px;height:104px;overflow:hidden;pointer-events:none}.ribbon span{position:absolute;top:24px;right:-45px;width:160px;transform:rotate(45deg);background:#f5a524;color:#241a00;font-size:11px;line-height:22px;font-weight:700;letter-spacing:.08em;text-transform:uppercase;text-align:center}
.label{font-size:14px;font-weight:550;margin:0}.code{display:flex;flex-wrap:wrap;gap:10px;align-items:center;border:1px solid var(--line);border-radius:var(--radius);padding:12px;margin:8px 0 16px}.code output{font:600 17px ui-monospace,monospace;flex:1 1 auto;white-space:nowrap}.code output span{margin-right:.45em}.code button{width:auto;flex:0 1 auto;padding:8px 12px;font-size:14px}
.barcode{background:#fff;border-radius:var(--radius);padding:12px;margin:16px 0}.barcode img{width:100%;max-height:150px;display:block}.stack>*+*{margin-top:12px}.stack>.note+.amount,.stack>.note+.figure,.stack>.amount+.label{margin-top:20px}.stack>.note+form,.stack>.figure+form,.stack>.note+.button{margin-top:24px}.stack>.label+.code{margin-top:6px}
@media(max-width:820px){.shell{grid-template-columns:1fr;min-height:0}.side{padding:28px 20px;border-right:0;border-bottom:1px solid var(--line);justify-content:flex-start}.main{padding:28px 20px 56px}.single{padding:40px 20px}.single .card{padding:24px 20px}ul.lines{margin-top:20px}.ribbon{width:88px;height:88px}.ribbon span{top:19px;right:-50px}.side>div,.main>div{max-width:none}}`;

export function styleOf(provider: ProviderId): string {
  return `:root{${THEMES[provider]};color-scheme:${provider === 'polar' ? 'dark' : 'light'}}${BASE}`;
}
