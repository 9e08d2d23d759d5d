import type { ReconciliationLook, ReconciliationRun } from '../db/entities/reconciliation.ts';
import { findLooks, putDifferences, putLooks } from '../db/queries/reconciliation-looks.ts';
import type { Db } from '../db/orm.ts';
import { differenceKey } from '../domain/reconciliation/difference.ts';
import { joinNamed, namesNothingNew, nothingNamed, type Subject } from '../domain/reconciliation/subject.ts';
import { graceMs } from '../domain/reconciliation/window.ts';
import { lookAtSales, type Looked, type Scene } from './compare-look.ts';
import { advanceRun, type Advance } from './compare-step.ts';
import { meetStrangers } from './compare-strangers.ts';
import { keyOf } from './compare-subjects.ts';
import type { ActivityDeps } from './deps.ts';

/** What a page came to; what was looked at until something failed is worth keeping. */
export interface PageLooked {
  readonly looked: readonly Looked[];
  readonly failure: Error | null;
}

/**
 * Looks at what the run has not looked at yet, sales of ours and strangers alike. What was named before is not asked
 * for again; what is named anew of a known subject is looked at with all that was named of it.
 */
export async function lookAt(scene: Scene, run: ReconciliationRun, subjects: readonly Subject[]): Promise<PageLooked> {
  const fresh = await notLooked(scene, run, subjects);
  const met = await meetStrangers(scene, fresh.filter(isStranger));
  // A charge of a subscription that we do not know leads to the subscription: one step further, never back.
  const behind = await notLooked(scene, run, joined(met.sales));
  const further = await meetStrangers(scene, met.failure === null ? behind.filter(isStranger) : []);
  const judged = [...met.judged, ...further.judged];
  const failed = met.failure ?? further.failure;
  if (failed !== null) return { looked: onePerSubject(judged), failure: failed };
  const own = joined([...fresh, ...behind, ...further.sales].filter((subject) => !isStranger(subject)));
  const { done, failure } = await lookAtSales(scene, own);
  // Who led to a sale is done with only when the sale is.
  const led = failure === null ? [...met.led, ...further.led] : [];
  return { looked: onePerSubject([...led, ...judged, ...done]), failure };
}

/**
 * Looks again at what seemed different: only what still does in the same way is told.
 *
 * @throws what asking throws
 */
export async function lookAgain(scene: Scene, looks: readonly ReconciliationLook[]): Promise<readonly Looked[]> {
  const subjects = looks.map(({ subjectKind, subjectId, named }) => ({ kind: subjectKind, id: subjectId, named }));
  const met = await meetStrangers(scene, subjects.filter(isStranger));
  if (met.failure !== null) throw met.failure;
  const own = joined([...subjects, ...met.sales].filter((subject) => !isStranger(subject)));
  const { done, failure } = await lookAtSales(scene, own);
  if (failure !== null) throw failure;
  return onePerSubject([...met.led, ...met.judged, ...done]);
}

async function notLooked(
  scene: Scene,
  run: ReconciliationRun,
  subjects: readonly Subject[],
): Promise<readonly Subject[]> {
  const looks = await findLooks(
    scene.em.fork(),
    run.id,
    subjects.map(({ id }) => id),
  );
  const known = new Map(looks.map((look) => [keyOfLook(look), look.named]));
  return subjects.flatMap((subject) => {
    const named = known.get(keyOf(subject));
    if (named === undefined) return [subject];
    return namesNothingNew(named, subject.named) ? [] : [{ ...subject, named: joinNamed(named, subject.named) }];
  });
}

function joined(subjects: readonly Subject[]): readonly Subject[] {
  const all = new Map<string, Subject>();
  for (const subject of subjects) {
    const named = joinNamed(all.get(keyOf(subject))?.named ?? nothingNamed, subject.named);
    all.set(keyOf(subject), { ...subject, named });
  }
  return [...all.values()];
}

function keyOfLook({ subjectKind: kind, subjectId: id }: ReconciliationLook): string {
  return keyOf({ kind, id });
}

function onePerSubject(looked: readonly Looked[]): readonly Looked[] {
  return [...new Map(looked.map((one) => [keyOf(one.subject), one])).values()];
}

function isStranger({ kind }: Subject): boolean {
  return kind === 'charge' || kind === 'agreement';
}

/** Writes a page of first looks and moves the run on, both or neither. What seems different is to be looked at again. */
export async function writeFirstLooks(
  em: Db,
  run: ReconciliationRun,
  page: {
    readonly looked: readonly Looked[];
    readonly foreign: readonly Pick<Subject, 'kind' | 'id'>[];
    readonly lookAgainAt: Date;
    readonly to: Omit<Advance, 'compared'>;
  },
): Promise<number> {
  const compared = page.looked.reduce((sum, one) => sum + one.compared, 0);
  await em.transactional(async (tx) => {
    await advanceRun(tx, run, { ...page.to, compared });
    await putLooks(tx, run, [
      ...page.foreign.map(({ kind, id }) => rowOf({ kind, id, named: nothingNamed }, 'foreign')),
      ...page.looked.map(({ subject, differences, isForeign }) =>
        differences.length === 0
          ? rowOf(subject, isForeign ? 'foreign' : 'agrees')
          : {
              ...rowOf(subject, 'suspected'),
              suspected: differences.map(differenceKey),
              lookAgainAt: page.lookAgainAt,
            },
      ),
    ]);
  });
  return compared;
}

/** Writes a page of second looks, with the differences that are still there, and moves the run on. */
export async function writeSecondLooks(
  em: Db,
  run: ReconciliationRun,
  page: {
    readonly looks: readonly ReconciliationLook[];
    readonly looked: readonly Looked[];
    readonly lookAgainAt: Date;
    readonly to: Omit<Advance, 'compared'>;
  },
): Promise<number> {
  const before = new Map(page.looks.map((look) => [keyOfLook(look), look]));
  const [again, anew] = [
    page.looked.filter(({ subject }) => before.has(keyOf(subject))),
    page.looked.filter(({ subject, differences }) => !before.has(keyOf(subject)) && differences.length > 0),
  ];
  const still = again.map((one) => ({
    ...one,
    differences: one.differences.filter((found) =>
      before.get(keyOf(one.subject))?.suspected.includes(differenceKey(found)),
    ),
  }));
  const gone = page.looks.filter((look) => !again.some((one) => keyOf(one.subject) === keyOfLook(look)));
  return em.transactional(async (tx) => {
    await advanceRun(tx, run, { ...page.to, compared: 0 });
    await putLooks(tx, run, [
      // What was told keeps its names: by them a repair finds where to look whether it is gone.
      ...still.map(({ subject, differences }) => ({
        ...rowOf(subject, differences.length > 0 ? 'told' : 'agrees'),
        suspected: differences.map(differenceKey),
      })),
      ...gone.map(({ subjectKind: kind, subjectId: id, named }) => rowOf({ kind, id, named }, 'agrees')),
      ...anew.map(({ subject, differences }) => ({
        ...{ ...rowOf(subject, 'suspected'), suspected: differences.map(differenceKey), lookAgainAt: page.lookAgainAt },
      })),
    ]);
    return putDifferences(
      tx,
      run,
      still.flatMap(({ differences }) => differences),
    );
  });
}

export function lookAgainAt(deps: ActivityDeps): Date {
  return new Date(Date.now() + (deps.reconciliationGraceMs ?? graceMs));
}

function rowOf({ kind, id, named }: Subject, verdict: ReconciliationLook['verdict']) {
  return { subjectKind: kind, subjectId: id, named, verdict, suspected: [], lookAgainAt: null };
}
