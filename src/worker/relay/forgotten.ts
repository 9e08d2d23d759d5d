/** Longer than any caller waits for an answer: whoever wrote the row has started its workflow by then, or died. */
const forgottenAfterMs = 15_000;

/** Rows from before this instant whose work has not begun are forgotten ones. */
export function forgottenBefore(): Date {
  return new Date(Date.now() - forgottenAfterMs);
}
