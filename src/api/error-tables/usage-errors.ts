import type { ErrorPage } from './error-page.ts';

/** Codes of events of usage: of a single one as a problem, of one in a batch or import as its line in `rejected`. */
export const usageErrors = {
  event_name_unknown: {
    kind: 'invalid',
    title: 'No meter counts such events',
    meaning: 'No meter of the project and mode counts events of this name, so they would be billed to nobody.',
    fix: 'Check the spelling of `event_name`, or make the meter first and send the event again.',
  },
  timestamp_in_future: {
    kind: 'invalid',
    title: 'The event lies in the future',
    meaning: '`timestamp` is more than 5 minutes ahead of our clock.',
    fix: 'Send events after they have happened; check the clock and the zone of `timestamp`.',
  },
  timestamp_too_old: {
    kind: 'invalid',
    title: 'The event is too old',
    meaning: '`timestamp` is more than 366 days ago. No provider bills it any more.',
    fix: 'Bill it by hand, outside of usage.',
  },
  corrected_event_not_found: {
    kind: 'invalid',
    title: 'The event to correct is not here',
    meaning:
      '`corrects` names no event of the same organization and event name that is stored or in the same batch, or names a correction.',
    fix: 'Send the event first, with its `event_id`; name the event itself and not a correction of it.',
  },
} as const satisfies Record<string, ErrorPage>;
