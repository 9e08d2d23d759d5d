/** Longer than any caller waits for an answer: whoever wrote the row has started its workflow by then, or died. */
const forgottenAfterMs = 15_000;

/** Rows from before this instant whose work has not begun are forgotten ones. */
export function forgottenBefore(): Date {
  return new Date(Date.now() - forgottenAfterMs);
}

/** A run writes its row as it goes on; one that is quiet for so long waits for somebody, is held, or was lost. */
const quietMs = 600_000;

/**
 * Runs whose API process died between the row and the start, and those whose workflow may be lost: one that runs is
 * asked for in vain, and that is all. The rows have where to go on.
 */
export function forgottenOrQuiet() {
  return {
    $or: [
      { status: 'requested' as const, updatedAt: { $lt: forgottenBefore() } },
      { status: 'running' as const, updatedAt: { $lt: new Date(Date.now() - quietMs) } },
    ],
  };
}
