import { Router } from 'express';
import type { ApiDeps } from '../deps.ts';
import { renderErrorIndex, renderErrorPage, renderReference } from '../docs-pages.ts';
import { errorPages, refusal } from '../error-codes.ts';
import { createOpenApi } from '../openapi.ts';
import { pathParam } from '../answer.ts';

/** `/openapi.json` and pages for people. They need no script and no other host. */
export function createDocsRoutes(deps: ApiDeps): Router {
  const router = Router();
  const document = createOpenApi({ publicUrl: deps.settings.publicUrl, providerIds: deps.providers.ids() });
  const reference = renderReference(document);
  const errorIndex = renderErrorIndex();
  router.get('/openapi.json', (_request, response) => {
    response.json(document);
  });
  router.get('/docs', (_request, response) => {
    response.type('html').send(reference);
  });
  router.get('/docs/errors', (_request, response) => {
    response.type('html').send(errorIndex);
  });
  router.get('/docs/errors/:code', (request, response) => {
    const code = pathParam(request, 'code');
    const page = Object.hasOwn(errorPages, code) ? errorPages[code] : undefined;
    if (!page) throw refusal('not_found', 'No error has this code.');
    response.type('html').send(renderErrorPage(code, page));
  });
  return router;
}
