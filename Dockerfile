# syntax=docker/dockerfile:1
# One image for api, worker, relay and migrate: the command says which. Started without compose, give it `--init`.
ARG NODE_IMAGE=node:24.21.0-trixie-slim

FROM ${NODE_IMAGE} AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY packages/provider-sandbox/package.json packages/provider-sandbox/
# No scripts: Temporal's core comes as a binary, nothing else is built.
RUN --mount=type=cache,target=/root/.npm npm ci --omit=dev --workspaces=false --ignore-scripts

FROM dependencies AS bundle
COPY tsconfig.json ./
COPY src src
COPY deploy/build-bundle.ts deploy/
RUN node deploy/build-bundle.ts /app/workflows.cjs

FROM ${NODE_IMAGE}
LABEL org.opencontainers.image.title="Plinto Billing" \
      org.opencontainers.image.licenses="Apache-2.0"
ENV NODE_ENV=production \
    NODE_OPTIONS=--enable-source-maps \
    WORKFLOW_BUNDLE=/app/workflows.cjs
WORKDIR /app
COPY --from=dependencies /app/node_modules node_modules
COPY package.json ./
COPY migrations migrations
COPY policies policies
COPY src src
COPY deploy/check-health.ts deploy/mint-key.ts deploy/
COPY --from=bundle /app/workflows.cjs workflows.cjs
USER node
EXPOSE 8000
# For the API; compose gives worker and relay theirs.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 CMD ["node", "deploy/check-health.ts", "api"]
CMD ["node", "src/api/main.ts"]
