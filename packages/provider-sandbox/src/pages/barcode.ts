// Code 128 element widths by value; the last is the stop pattern.
const WIDTHS =
  '212222 222122 222221 121223 121322 131222 122213 122312 132212 221213 221312 231212 112232 122132 122231 113222 123122 123221 223211 221132 221231 213212 223112 312131 311222 321122 321221 312212 322112 322211 212123 212321 232121 111323 131123 131321 112313 132113 132311 211313 231113 231311 112133 112331 132131 113123 113321 133121 313121 211331 231131 213113 213311 213131 311123 311321 331121 312113 312311 332111 314111 221411 431111 111224 111422 121124 121421 141122 141221 112214 112412 122114 122411 142112 142211 241211 221114 413111 241112 134111 111242 121142 121241 114212 124112 124211 411212 421112 421211 212141 214121 412121 111143 111341 131141 114113 114311 411113 411311 113141 114131 311141 411131 211412 211214 211232 2331112'.split(
    ' ',
  );
const START_B = 104;
const START_C = 105;
const STOP = 106;

function valuesOf(text: string): number[] {
  const pairs = /^\d+$/.test(text) && text.length % 2 === 0;
  const body = pairs
    ? (text.match(/../g) ?? []).map(Number)
    : [...text].map((character) => character.charCodeAt(0) - 32);
  const values = [pairs ? START_C : START_B, ...body];
  const checksum = values.reduce((sum, value, at) => sum + value * Math.max(at, 1), 0) % 103;
  return [...values, checksum, STOP];
}

/** A scannable Code 128 barcode. */
export function barcodeSvg(text: string): string {
  const height = 80;
  let at = 10;
  const bars: string[] = [];
  for (const value of valuesOf(text)) {
    [...(WIDTHS[value] ?? '')].forEach((width, index) => {
      if (index % 2 === 0) bars.push(`<rect x="${at}" y="0" width="${width}" height="${height}"/>`);
      at += Number(width);
    });
  }
  const label = `<text x="${(at + 10) / 2}" y="${height + 16}" text-anchor="middle" font-family="monospace" font-size="12">${text}</text>`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${at + 10} ${height + 22}" role="img" aria-label="${text}"><rect width="100%" height="100%" fill="#fff"/><g fill="#000">${bars.join('')}${label}</g></svg>`;
}
