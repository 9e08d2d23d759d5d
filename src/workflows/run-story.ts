import { setCurrentDetails, setHandler, upsertSearchAttributes } from '@temporalio/workflow';
import { whyQuery } from './messages.ts';
import { searchAttributes } from './search-attributes.ts';

const rememberedLines = 20;

/**
 * The state of a long run and its story, where operators see them: in the details and by the query `why`. Its handler is
 * set at once, before anything is awaited.
 *
 * @param input.story Of the run before, as `carried` told it.
 * @param input.headlines What stands above the story, by the state as it is.
 */
export function openStory<State extends { readonly status: string }>(input: {
  readonly first: State;
  readonly story: readonly string[];
  headlines(state: State): readonly string[];
}) {
  let state = input.first;
  const lines = [...input.story];
  setHandler(whyQuery, () => (lines.length === 0 ? 'starting' : lines.join('\n')), { description: 'The story so far' });
  return {
    state: () => state,
    show,
    change,
    tell,
    close,
    carried: (): readonly string[] => lines.slice(-rememberedLines),
  };

  function change(what: Partial<State>): void {
    state = { ...state, ...what };
    show();
  }

  /** The last line, and the status by which the run is found. */
  function close(failure: { readonly code: string } | null): void {
    const { status } = state;
    tell(failure === null ? `**${status}**` : `**${status}**: ${failure.code}`);
    upsertSearchAttributes([{ key: searchAttributes.status, value: status }]);
  }

  function tell(line: string): void {
    lines.push(`${new Date().toISOString()} ${line}`);
    show();
  }

  function show(): void {
    setCurrentDetails([...input.headlines(state), ...lines.slice(-rememberedLines)].join('\n\n'));
  }
}
