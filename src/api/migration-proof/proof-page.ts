import type { MigrationProof } from '../../db/entities/migration.ts';
import type { ProofLine } from '../../domain/migration/proof-line.ts';
import { rankOf } from '../../domain/migration/proof-line.ts';
import type { ProofMoney, ProofReport } from '../../domain/migration/proof-report.ts';
import { proofVerdicts, type ProofVerdict } from '../../domain/migration/proof.ts';
import { createFormat } from '../portal/format.ts';
import { html, type Html } from '../portal/html.ts';
import { renderDocument } from '../portal/render-portal.ts';

const english = { language: 'en', locale: 'en' } as const;
const format = createFormat(english);

const meaning: Readonly<Record<ProofVerdict, string>> = {
  gap: 'a period that nothing covers',
  overlap: 'a period that more than one charge covers',
  unproven: 'not all of the evidence could be read',
  unpaid: 'the provider has asked and not been paid',
  refunded: 'paid, and all of it given back',
  awaited: 'the charge may still come',
  paused: 'paused: nothing was due',
  free: 'in trial, or nothing was due',
  charged: 'exactly one charge covers each period',
  nothing_due: 'no period in the window',
};

/** A finished proof for a person: what must be looked at first, then every period with its charge. */
export function renderProof(input: {
  readonly proof: MigrationProof;
  readonly report: ProofReport;
  readonly lines: readonly ProofLine[];
  readonly page: number;
  readonly pages: number;
}): string {
  const { proof, report, lines, page, pages } = input;
  const title = `Proof of ${report.migration_name}`;
  return renderDocument(
    english,
    title,
    html`<header>
        <h1>${title}</h1>
        <p class="soft">
          ${report.from_provider} to ${report.to_provider ?? 'whom routing names'}, ${report.mode} · as of
          ${day(report.as_of)} · ${report.id}
        </p>
      </header>
      <div class="notice ${!report.is_clean && 'bad'}" role="${report.is_clean ? 'status' : 'alert'}">
        ${verdictOf(report)}
      </div>
      ${renderCounts(report)} ${renderMoney(report.money)}
      <section aria-labelledby="lines">
        <h2 id="lines">Subscriptions, page ${page} of ${pages}</h2>
        ${lines.map(renderLine)}
      </section>
      <footer>
        <p class="soft">Signed with Ed25519 by key <code>${proof.keyId}</code>:</p>
        <p><code>${proof.signature}</code></p>
        <p class="soft">
          This page is for reading. What is signed is the JSON beside it; scripts/verify-proof.ts checks it without us.
        </p>
      </footer>`,
  );
}

function verdictOf(report: ProofReport): string {
  const { is_clean, verdicts, items, longest_gap_seconds: gap, longest_seam_seconds: seam } = report;
  const seams = seam === 0 ? '' : ` The longest time between two charges that counts as none is ${seam} s.`;
  if (is_clean) return `No gap and no overlap in ${items} subscriptions.${seams}`;
  return `Look at ${verdicts.gap} with a gap${gap === 0 ? '' : ` (the longest ${gap} s)`}, ${verdicts.overlap} with an overlap and ${verdicts.unproven} unproven.${seams}`;
}

function renderCounts({ verdicts }: ProofReport): Html {
  return html`<div class="card scroll">
    <table>
      <tbody>
        ${proofVerdicts.map(
          (verdict) =>
            html`<tr>
              <td>${pill(verdict)}</td>
              <td>${meaning[verdict]}</td>
              <td class="sum">${verdicts[verdict]}</td>
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

/** Here and below: narrow screens leave a table's second column out. */
function renderMoney(money: readonly ProofMoney[]): Html {
  return html`<section aria-labelledby="money">
    <h2 id="money">Money</h2>
    <div class="card scroll">
      <table>
        <tbody>
          ${money.map(
            (sum) =>
              html`<tr>
                <td>${sum.provider}</td>
                <td class="sum">${sum.charges}</td>
                <td>${sum.counts}</td>
                <td class="sum">${format.money(sum.amount_minor, sum.currency)}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
  </section>`;
}

function renderLine(line: ProofLine): Html {
  const charge = (id: string) => line.charges.find((each) => each.id === id);
  return html`<div class="card">
    <div class="row">
      <h3>${line.organization_id ?? 'nobody of ours'}</h3>
      ${pill(line.verdict)}
    </div>
    <p class="soft">
      ${line.item_id} · ${line.state}${line.code !== null && ` (${line.code})`} ·
      ${line.subscriptions.map(({ provider, id }) => `${provider} ${id}`).join(', ')}
    </p>
    ${line.unread.map(({ code, detail }) => html`<p>${code}: ${detail}</p>`)}
    <div class="scroll">
      <table>
        <tbody>
          ${line.periods.map(
            ({ start, end, state, provider, charges }) =>
              html`<tr>
                <td>${day(start)} – ${day(end)}</td>
                <td>${provider}</td>
                <td>${pill(state)}</td>
                <td>
                  ${charges.map((id) => {
                    const found = charge(id);
                    return html`<code>${id}</code> ${found ? format.money(found.amount_minor, found.currency) : ''} `;
                  })}
                </td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
  </div>`;
}

function pill(verdict: ProofVerdict): Html {
  const rank = rankOf(verdict);
  const tone = rank <= rankOf('unproven') ? 'bad' : rank <= rankOf('awaited') ? 'warn' : 'good';
  return html`<span class="pill ${tone}">${verdict.replaceAll('_', ' ')}</span>`;
}

function day(iso: string): string {
  return format.shortDate(new Date(iso));
}
