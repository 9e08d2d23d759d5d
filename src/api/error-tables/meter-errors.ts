import type { ErrorPage } from './error-page.ts';

/** Codes of meters, and of reading usage by them. */
export const meterErrors = {
  meter_not_found: {
    kind: 'not_found',
    title: 'No such meter',
    meaning: 'No meter with this id or key exists in this project and mode.',
    fix: 'List them with `GET /api/v1/billing/meters`. Test and live have their own.',
  },
  meter_key_taken: {
    kind: 'conflict',
    title: 'The key is taken',
    meaning: 'Another meter of this project and mode has this key, perhaps an archived one.',
    fix: 'Choose another key. What a meter counts never changes, so another count needs another key.',
  },
  usage_range_invalid: {
    kind: 'invalid',
    title: 'The time range holds no hour',
    meaning: '`to` is not at least one whole hour of UTC after `from`: both count from the beginning of their hour.',
    fix: 'Give a `to` that is later than `from`, or leave both out for the current period.',
  },
  usage_range_too_wide: {
    kind: 'invalid',
    title: 'The time range is too wide',
    meaning: 'It holds more hours, days or months than one answer has room for, or more events than one call may read.',
    fix: 'Ask for a shorter time, or by a longer `group_by`.',
  },
} as const satisfies Record<string, ErrorPage>;
