import { z } from 'zod';
import { uuid } from '../core/ids.ts';
import type { ApiRequest, Route } from '../http/answer.ts';
import { byPathId } from '../http/path-id.ts';
import type { PolarContext } from './context.ts';
import { notFound } from './errors.ts';
import { listPage, oneOf } from './listing.ts';
import type { StoredFile } from './objects.ts';
import { organizationId, parse } from './validation.ts';

const createBody = z.object({
  name: z.string(),
  mime_type: z.string(),
  size: z.int().min(0),
  checksum_sha256_base64: z.string().nullish(),
  service: z.enum(['downloadable', 'product_media', 'organization_avatar']),
  version: z.string().nullish(),
  upload: z.object({
    parts: z
      .array(
        z.object({
          number: z.int(),
          chunk_start: z.int(),
          chunk_end: z.int(),
          checksum_sha256_base64: z.string().nullish(),
        }),
      )
      .max(10_000),
  }),
  organization_id: organizationId,
});
const uploadedBody = z.object({
  id: z.string(),
  path: z.string(),
  parts: z.array(
    z.object({ number: z.int(), checksum_etag: z.string(), checksum_sha256_base64: z.string().nullable() }),
  ),
});
const patchBody = z.object({ name: z.string().nullish(), version: z.string().nullish() });

const LINK_MS = 3_600_000;

const readableSize = (size: number): string =>
  size < 1024
    ? `${size} B`
    : size < 1_048_576
      ? `${(size / 1024).toFixed(1)} KB`
      : `${(size / 1_048_576).toFixed(1)} MB`;

const expiry = (polar: PolarContext): string => new Date(polar.sandbox.clock.nowMs() + LINK_MS).toISOString();

/** The upload targets are on this server, which takes any bytes and keeps none. */
function create(polar: PolarContext, body: z.output<typeof createBody>): object {
  const id = uuid();
  const path = `${body.service}/${polar.organizationId()}/${id}/${body.name}`;
  const file = polar.files.put({
    id,
    created_at: polar.now(),
    modified_at: null,
    organization_id: polar.organizationId(),
    name: body.name,
    path,
    mime_type: body.mime_type,
    size: body.size,
    storage_version: null,
    checksum_etag: null,
    checksum_sha256_base64: body.checksum_sha256_base64 ?? null,
    checksum_sha256_hex:
      body.checksum_sha256_base64 == null ? null : Buffer.from(body.checksum_sha256_base64, 'base64').toString('hex'),
    last_modified_at: null,
    version: body.version ?? null,
    service: body.service,
    is_uploaded: false,
    flagged_malicious_at: null,
    size_readable: readableSize(body.size),
  });
  const { created_at: _at, modified_at: _modified, flagged_malicious_at: _flag, ...shown } = file;
  const parts = body.upload.parts.map((part) => ({
    ...part,
    checksum_sha256_base64: part.checksum_sha256_base64 ?? null,
    url: `${polar.sandbox.publicUrl()}/polar/v1/files/${id}/parts/${part.number}`,
    expires_at: expiry(polar),
    headers: {},
  }));
  return { ...shown, upload: { id: uuid(), path, parts } };
}

function show({ modified_at: _modified, ...file }: StoredFile): object {
  return file;
}

/** A file with a link that lasts an hour. */
export function downloadOf(polar: PolarContext, file: StoredFile): object {
  const { created_at: _at, modified_at: _modified, flagged_malicious_at: _flag, ...shown } = file;
  return {
    ...shown,
    download: {
      url: `${polar.sandbox.publicUrl()}/polar/v1/files/${file.id}/content`,
      headers: {},
      expires_at: expiry(polar),
    },
  };
}

function contentRoutes(found: (request: ApiRequest) => StoredFile): Route[] {
  return [
    {
      method: 'put',
      path: '/v1/files/:id/parts/:number',
      operations: ['files.upload'],
      handle: (request) => (found(request), { status: 200, headers: { etag: `"${request.rawBody.length}"` } }),
    },
    {
      method: 'get',
      path: '/v1/files/:id/content',
      operations: ['files.download'],
      handle(request) {
        const file = found(request);
        return {
          status: 200,
          body: `Sandbox copy of ${file.name}, ${file.size} bytes in the original.\n`,
          headers: { 'content-disposition': `attachment; filename="${encodeURIComponent(file.name)}"` },
        };
      },
    },
  ];
}

export function fileRoutes(polar: PolarContext): Route[] {
  const found = byPathId(polar.files, notFound);
  const path = '/v1/files/:id';
  return [
    {
      method: 'post',
      path: '/v1/files/',
      operations: ['files.create'],
      handle: (request) => ({ status: 201, body: create(polar, parse(createBody, request)) }),
    },
    {
      method: 'get',
      path: '/v1/files/',
      operations: ['files.list'],
      handle: (request) => ({
        status: 200,
        body: listPage(request, polar.files.newestFirst(), (doc) => oneOf(request, 'ids', doc.id), show),
      }),
    },
    {
      method: 'post',
      path: `${path}/uploaded`,
      operations: ['files.uploaded'],
      handle(request) {
        const file = found(request);
        parse(uploadedBody, request);
        Object.assign(file, { is_uploaded: true, last_modified_at: polar.now(), modified_at: polar.now() });
        return { status: 200, body: show(polar.files.put(file)) };
      },
    },
    {
      method: 'patch',
      path,
      operations: ['files.update'],
      handle(request) {
        const file = found(request);
        const body = parse(patchBody, request);
        if (body.name != null) file.name = body.name;
        if (body.version !== undefined) file['version'] = body.version;
        return { status: 200, body: show(polar.files.put(file)) };
      },
    },
    {
      method: 'delete',
      path,
      operations: ['files.delete'],
      handle: (request) => (polar.files.remove(found(request).id), { status: 204 }),
    },
    ...contentRoutes(found),
  ];
}
