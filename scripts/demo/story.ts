import { styleText } from 'node:util';

/** Prints what happens, one line each, with the seconds since the visitor's story began. */
export function createStory() {
  let began = performance.now();
  const line = (mark: string, what: string, detail: string) => {
    const seconds = ((performance.now() - began) / 1000).toFixed(2).padStart(6);
    console.log(`${styleText('dim', `${seconds} s`)}  ${mark} ${what.padEnd(13)} ${detail}`);
  };
  return {
    begin(title: string) {
      began = performance.now();
      console.log(`\n${styleText('bold', title)}`);
    },
    tell: (what: string, detail: string) => line(styleText('green', '•'), what, detail),
    fail: (detail: string) => line(styleText('red', '✗'), 'failed', detail),
    end(paid: number, all: number, uiUrl: string | null) {
      const text = `${paid} of ${all} checkouts paid.`;
      console.log(
        `\n${styleText(paid === all ? 'green' : 'red', text)} ${uiUrl === null ? '' : `Every step is in the Temporal UI: ${uiUrl}`}`,
      );
    },
  };
}

export type Story = ReturnType<typeof createStory>;
