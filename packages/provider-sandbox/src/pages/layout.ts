import type { ProviderId } from '../core/types.ts';
import { escape } from './html.ts';
import { styleOf } from './style.ts';

const SCRIPT = `document.addEventListener('click',function(e){var b=e.target.closest('button');if(!b)return;
if(b.dataset.card){var f=document.forms.pay;f.number.value=b.dataset.card.replace(/(.{4})/g,'$1 ').trim();f.expiry.value='12 / '+b.dataset.year;f.cvc.value=b.dataset.cvc;if(!f.name.value)f.name.value='Test Customer';f.number.focus()}
if(b.dataset.copy){navigator.clipboard.writeText(b.dataset.copy).then(function(){b.textContent=b.dataset.done})}});
document.addEventListener('submit',function(e){var b=e.target.querySelector('button[type=submit]');if(b)setTimeout(function(){b.disabled=true},0)});
document.addEventListener('input',function(e){var t=e.target;if(t.name==='number'){t.value=t.value.replace(/\\D/g,'').slice(0,19).replace(/(.{4})(?=.)/g,'$1 ')}
if(t.name==='expiry'&&e.inputType!=='deleteContentBackward'){var d=t.value.replace(/\\D/g,'').slice(0,4);t.value=d.length>=2?d.slice(0,2)+' / '+d.slice(2):d}});
addEventListener('pageshow',function(){document.querySelectorAll('button:disabled').forEach(function(b){b.disabled=false})});`;

export function page(input: {
  provider: ProviderId;
  locale: string;
  title: string;
  ribbon: string;
  body: string;
}): string {
  return `<!doctype html><html lang="${escape(input.locale)}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><meta name="robots" content="noindex"><link rel="icon" href="data:,"><title>${escape(input.title)}</title><style>${styleOf(input.provider)}</style></head><body><div class="ribbon" aria-hidden="true">${escape(input.ribbon)}</div>${input.body}<script>${SCRIPT}</script></body></html>`;
}
