# Builds in one stage, runs in another that holds only what production needs: the compiled code, its packages, Node.
FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts --include=dev
COPY . .
RUN npm run build \
 && npm ci --ignore-scripts --omit=dev --omit=optional

FROM node:24-bookworm-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist/openapi ./dist/openapi
COPY --from=build /app/dist/schema ./dist/schema
COPY --from=build /app/dist/graphiql ./dist/graphiql
COPY --from=build /app/dist/src ./dist/src
# Nobody's number: the user of the Helm chart and of deploy/compose.yaml.
USER 65532:65532
EXPOSE 4001
# Node itself is the first process, so that it gets the signals. No HEALTHCHECK: compose and Kubernetes probe /health
# themselves, as often as they need it. The process may read itself and its secrets, and write nothing but the token file.
CMD ["node", "--disable-proto=delete", "--disable-sigusr1", "--expose-gc", "--max-semi-space-size=32", "--no-allocation-site-pretenuring", "--invocation-count-for-turbofan=1000", "--v8-pool-size=2", "--permission", "--allow-fs-read=.", "--allow-fs-read=/run/secrets", "--allow-fs-read=/var/lib/contacts", "--allow-fs-write=/var/lib/contacts", "dist/src/main.js"]
