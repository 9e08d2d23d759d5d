/** Text that is HTML already. Only `html` makes it; its private field keeps anything that merely looks like it out. */
export class Html {
  readonly #markup: string;

  constructor(markup: string) {
    this.#markup = markup;
  }

  get markup(): string {
    return this.#markup;
  }
}

/** What may stand in a template. null and false leave nothing. */
export type HtmlValue = Html | string | number | null | false | readonly HtmlValue[];

/**
 * A piece of a page: every value is escaped, for text and for attributes in double quotes alike. Other templates pass as
 * they are. Never put a value into a tag's name, an unquoted attribute, a script or a style.
 */
export function html(texts: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  const parts = values.map((value, index) => `${render(value)}${texts[index + 1] ?? ''}`);
  return new Html(`${texts[0] ?? ''}${parts.join('')}`);
}

/** An address to link to; null for what is no web address: `javascript:` is escaped well and still runs. */
export function webAddress(url: string | null): string | null {
  if (url === null || !URL.canParse(url)) return null;
  const { protocol, href } = new URL(url);
  return protocol === 'https:' || protocol === 'http:' ? href : null;
}

function render(value: HtmlValue): string {
  if (value === null || value === false) return '';
  if (typeof value === 'string' || typeof value === 'number') return escape(String(value));
  return value instanceof Html ? value.markup : value.map(render).join('');
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escape(raw: string): string {
  return raw.replaceAll(/[&<>"']/g, (character) => entities[character] ?? '');
}
