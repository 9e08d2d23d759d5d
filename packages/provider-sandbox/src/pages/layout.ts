import type { ProviderId } from '../core/types.ts';
import { escape } from './html.ts';
import { styleOf } from './style.ts';

/** Comfort only: every page works without it. */
const SCRIPT = String.raw`(function(){
function spaced(d){return(/^3[47]/.test(d)?[4,6,5]:[4,4,4,4,3]).map(function(n){var part=d.slice(0,n);d=d.slice(n);return part}).filter(Boolean).join(' ')}
function expiry(v){var m=/^\s*(\d{1,2})\s*[\/-]\s*(\d{0,4})/.exec(v);if(m)return m[1].padStart(2,'0')+' / '+m[2];
var d=v.replace(/\D/g,'').slice(0,6);if(d[0]>'1')d='0'+d;return d.length>1?d.slice(0,2)+' / '+d.slice(2):d}
function tidy(t){if(t.name==='number')t.value=spaced(t.value.replace(/\D/g,'').slice(0,19));if(t.name==='expiry')t.value=expiry(t.value)}
function copy(b){var done=function(){var was=b.textContent;b.textContent=b.dataset.done;setTimeout(function(){b.textContent=was},2000)};
if(navigator.clipboard)return navigator.clipboard.writeText(b.dataset.copy).then(done,function(){});
getSelection().selectAllChildren(b.parentNode.querySelector('output'));document.execCommand('copy');done()}
function fill(b){var f=document.forms.pay;f.number.value=spaced(b.dataset.card);f.expiry.value='12 / '+b.dataset.year;f.cvc.value=b.dataset.cvc;if(!f.elements.name.value)f.elements.name.value='Test Customer';
f.querySelector('.pane.p-card button').focus({preventScroll:true});f.number.scrollIntoView({block:'center'})}
document.addEventListener('click',function(e){var b=e.target.closest('button');if(!b)return;if(b.dataset.card)fill(b);if(b.dataset.copy)copy(b)});
document.addEventListener('submit',function(e){setTimeout(function(){e.target.querySelectorAll('button').forEach(function(b){b.disabled=true})},0)});
document.addEventListener('input',function(e){var t=e.target;if(e.inputType!=='deleteContentBackward'&&t.selectionStart===t.value.length)tidy(t)});
document.addEventListener('change',function(e){tidy(e.target)});
addEventListener('pageshow',function(){document.querySelectorAll('button:disabled').forEach(function(b){b.disabled=false})})})()`;

export function page(input: {
  provider: ProviderId;
  locale: string;
  title: string;
  ribbon: string;
  body: string;
  /** What this page needs beyond the common style. */
  style?: string;
}): string {
  return `<!doctype html><html lang="${escape(input.locale)}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><meta name="robots" content="noindex"><link rel="icon" href="data:,"><title>${escape(input.title)}</title><style>${styleOf(input.provider)}${input.style ?? ''}</style></head><body><div class="ribbon" aria-hidden="true"><span>${escape(input.ribbon)}</span></div>${input.body}<script>${SCRIPT}</script></body></html>`;
}
