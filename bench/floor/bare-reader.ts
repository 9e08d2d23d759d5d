import { serveBare } from './serve-bare.ts';

/** The least an access check can do: one prepared read of one row, nobody asked who they are. Started by `startBareReader`. */
const query = {
  name: 'bench-access-floor',
  text: `select source_id, is_allowed, reason from entitlements
    where project_id = $1 and live = $2 and organization_id = $3 limit 1`,
};

await serveBare(({ app, pool }) => {
  app.get('/access', async (request, response) => {
    const organizationId: unknown = request.query['organization_id'];
    const { rows } = await pool.query({ ...query, values: ['default', false, organizationId] });
    response.json({ allowed: rows.length > 0 });
  });
});
