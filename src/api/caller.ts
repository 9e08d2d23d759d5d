import type { Request } from 'express';
import type { Project } from '../db/entities/project.ts';
import { refusal, type ErrorCode } from './error-codes.ts';
import type { KeyKind, Permission, Scope } from './keys.ts';

/** Who calls: a key of one project and mode, perhaps narrowed to organizations by a session or a user's token. */
export interface Caller {
  readonly project: Project;
  readonly projectId: string;
  readonly live: boolean;
  readonly keyId: string;
  readonly kind: KeyKind;
  readonly scopes: readonly string[];
  /** null: not narrowed. */
  readonly organizations: ReadonlyMap<string, readonly string[]> | null;
  readonly userId: string | null;
  /** For the audit log, and as owner of idempotency keys: two callers never share one. */
  readonly actor: string;
}

const callers = new WeakMap<Request, Caller>();

export function setCaller(request: Request, caller: Caller): void {
  callers.set(request, caller);
}

/** Known for every request that has passed `authenticate`. */
export function findCaller(request: Request): Caller | undefined {
  return callers.get(request);
}

export function callerOf(request: Request): Caller {
  const caller = callers.get(request);
  if (!caller) throw refusal('unauthorized', 'This route needs an API key.');
  return caller;
}

export interface Need {
  /** What a secret key must have. */
  readonly scope: Scope;
  /** What a session or a user's token must have; null: they never suffice. */
  readonly permission: Permission | null;
  /** Whether a publishable key may do it alone. */
  readonly openToPublishable?: boolean;
}

/**
 * Refuses a caller who may not do this to anybody.
 *
 * @throws {BillingError} `insufficient_scope`
 */
export function authorize(caller: Caller, need: Need): void {
  if (caller.kind === 'secret') {
    if (!caller.scopes.includes(need.scope)) throw lacking(`the scope ${need.scope}`);
  } else if (caller.organizations === null) {
    if (!need.openToPublishable) throw lacking('a session');
  } else if (need.permission === null) throw lacking('a secret key');
}

/**
 * Refuses a caller who may not do this to this organization. Somebody else's looks like one that does not exist.
 *
 * @param unseen The answer for an organization that the caller may not see.
 * @throws {BillingError} `insufficient_scope`, or `unseen`
 */
export function authorizeFor(
  caller: Caller,
  need: Need,
  organizationId: string,
  unseen: Extract<ErrorCode, `${string}_not_found`>,
): void {
  authorize(caller, need);
  if (caller.organizations === null) return;
  const held = caller.organizations.get(organizationId);
  if (held === undefined) throw refusal(unseen, 'Nothing with this id exists for this key.');
  if (caller.kind === 'publishable' && need.permission !== null && !held.includes(need.permission))
    throw lacking(`the permission ${need.permission}`);
}

/**
 * The organizations a list may show.
 *
 * @param asked The `organization_id` of the query.
 * @returns null: all of the project.
 */
export function visibleOrganizations(caller: Caller, need: Need, asked: string | undefined): readonly string[] | null {
  if (asked !== undefined) {
    authorizeFor(caller, need, asked, 'organization_not_found');
    return [asked];
  }
  authorize(caller, need);
  if (caller.organizations === null) return null;
  const permission = need.permission;
  return [...caller.organizations]
    .filter(([, held]) => caller.kind === 'secret' || (permission !== null && held.includes(permission)))
    .map(([id]) => id);
}

function lacking(what: string) {
  return refusal('insufficient_scope', `This call needs ${what}.`, { details: { required: what } });
}
