export type Language = 'en' | 'es';

/** How to word the page, and how to write its dates and sums. */
export interface Tongue {
  readonly language: Language;
  /** BCP 47. */
  readonly locale: string;
}

const usual: Readonly<Record<Language, string>> = { en: 'en-US', es: 'es-MX' };

/** The first of the wanted languages that we speak; English else. A wanted region says how dates and sums are written. */
export function pickTongue(acceptLanguage: string | undefined): Tongue {
  const wanted = (acceptLanguage ?? '')
    .slice(0, 200)
    .split(',')
    .map((entry) => {
      const [tag = '', ...parameters] = entry.split(';').map((part) => part.trim());
      const quality = parameters.find((parameter) => parameter.startsWith('q='));
      return { tag, quality: quality === undefined ? 1 : Number(quality.slice(2)) };
    })
    .filter(({ quality }) => quality > 0)
    .toSorted((one, other) => other.quality - one.quality);
  for (const { tag } of wanted) {
    const language = /^(en|es)(?:-([a-z]{2}|\d{3}))?$/i.exec(tag);
    const name = language?.[1]?.toLowerCase();
    if (name === 'en' || name === 'es')
      return { language: name, locale: language?.[2] ? `${name}-${language[2].toUpperCase()}` : usual[name] };
  }
  return { language: 'en', locale: usual.en };
}
