import { z } from 'zod';
import type { Operation } from './operations.ts';
import { pageOf } from './schemas/common.ts';
import { listQuery } from './schemas/ops.ts';
import {
  accountCheck,
  apiKey,
  connectWebhookBody,
  createKeyBody,
  createProjectBody,
  credentialsBody,
  listKeysQuery,
  newApiKey,
  patchProjectBody,
  planPush,
  project,
  providerAccount,
  pushPlansBody,
} from './schemas/project.ts';

const tag = 'Projects';
const account = '/ops/projects/{project}/accounts/{provider}';
const ok = (schema: z.ZodType) => ({ '200': { description: 'Done.', schema } });
const accountRefusals = ['project_not_found', 'provider_not_found', 'encryption_not_configured'];

/** The routes that make and run projects. */
export const projectOperations: readonly Operation[] = [
  {
    ...{ method: 'get', path: '/ops/projects', tag, summary: 'List projects', query: listQuery },
    answers: ok(pageOf(project)),
    refusals: ['cursor_invalid'],
  },
  {
    ...{ method: 'post', path: '/ops/projects', tag, summary: 'Make a project', body: createProjectBody },
    answers: { '201': { description: 'Made.', schema: project } },
    refusals: ['project_exists'],
    isIdempotent: true,
  },
  {
    ...{ method: 'get', path: '/ops/projects/{project}', tag, summary: 'Read a project' },
    answers: ok(project),
    refusals: ['project_not_found'],
  },
  {
    ...{ method: 'patch', path: '/ops/projects/{project}', tag, summary: 'Change a project', body: patchProjectBody },
    answers: ok(project),
    refusals: ['project_not_found'],
    isIdempotent: true,
  },
  {
    ...{ method: 'get', path: '/ops/projects/{project}/accounts', tag, summary: "List a project's provider accounts" },
    answers: ok(pageOf(providerAccount)),
    refusals: ['project_not_found'],
  },
  {
    ...{ method: 'put', path: account, tag, summary: 'Set the credentials of an account', body: credentialsBody },
    answers: {
      ...ok(providerAccount),
      '201': { description: 'The project had no account there before.', schema: providerAccount },
    },
    refusals: accountRefusals,
  },
  {
    ...{ method: 'delete', path: account, tag, summary: 'Remove an account' },
    answers: { '204': { description: 'Removed.', schema: z.undefined() } },
    refusals: [...accountRefusals, 'provider_account_not_found', 'provider_account_in_use'],
    isIdempotent: true,
  },
  {
    method: 'post',
    path: `${account}/rotate`,
    tag,
    summary: 'Change some credentials; an old webhook secret stays valid beside the new',
    body: credentialsBody,
    answers: ok(providerAccount),
    refusals: [...accountRefusals, 'provider_account_not_found'],
    isIdempotent: true,
  },
  {
    ...{ method: 'post', path: `${account}/test`, tag, summary: 'Ask the provider whose account it is' },
    answers: ok(accountCheck),
    refusals: [...accountRefusals, 'provider_account_not_found', 'unavailable'],
    isIdempotent: true,
  },
  {
    method: 'post',
    path: `${account}/webhook`,
    tag,
    summary: 'Register our address for webhooks at the provider',
    body: connectWebhookBody,
    answers: ok(providerAccount),
    refusals: [...accountRefusals, 'provider_account_not_found', 'not_supported_by_provider', 'unavailable'],
    isIdempotent: true,
  },
  {
    method: 'post',
    path: '/ops/plans/push',
    tag,
    summary: 'Bring our catalogue to the providers; a dry run unless told otherwise',
    body: pushPlansBody,
    answers: { ...ok(planPush), '202': { description: 'It goes on: read it by its id.', schema: planPush } },
    refusals: ['provider_account_not_found', 'unavailable'],
    isIdempotent: true,
  },
  {
    ...{ method: 'get', path: '/ops/plans/push/{id}', tag, summary: 'Read a push' },
    answers: ok(planPush),
    refusals: ['job_not_found'],
  },
  {
    ...{ method: 'get', path: '/ops/keys', tag, summary: 'List API keys', query: listKeysQuery },
    answers: ok(pageOf(apiKey)),
    refusals: ['project_not_found', 'cursor_invalid'],
  },
  {
    ...{ method: 'post', path: '/ops/keys', tag, summary: 'Make an API key', body: createKeyBody },
    answers: { '201': { description: 'Made. The key is shown this once.', schema: newApiKey } },
    refusals: ['project_not_found'],
    isIdempotent: true,
  },
  {
    ...{ method: 'delete', path: '/ops/keys/{id}', tag, summary: 'Revoke an API key' },
    answers: ok(apiKey),
    refusals: ['key_not_found'],
    isIdempotent: true,
  },
];
