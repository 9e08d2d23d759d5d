/** Text that is safe inside elements and quoted attributes. */
export function escape(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}

/** A link target: only web addresses, never a script. */
export function safeUrl(url: string): string {
  return /^https?:\/\//i.test(url) ? escape(url) : '#';
}
