# The image of the service, at home as a standalone HTTP server and on AWS Lambda: see src/main.ts.

# Lambda's runtime client, compiled for the Node.js of the image.
FROM node:24-bookworm-slim AS runtime-client
RUN apt-get update \
  && apt-get install --yes --no-install-recommends \
    autoconf automake cmake g++ libtool make python3 xz-utils
WORKDIR /build
COPY src/lambda/runtime-client ./
# The headers of this Node.js are here; node-gyp would download them.
RUN npm_config_nodedir=/usr/local npm ci \
  && strip node_modules/aws-lambda-ric/rapid-client.node \
  && npm sbom --sbom-format cyclonedx > sbom.cdx.json

FROM node:24-bookworm-slim AS build
WORKDIR /build
COPY package.json package-lock.json ./
# No script of a package is needed for the bundle, and no other Node.js than that of the image.
RUN npm pkg delete optionalDependencies && npm ci --ignore-scripts
COPY src src
# With a code cache, which fits the very Node.js that has made it.
RUN npm run build
# docker-compose.yml prepares the table with this stage.
COPY template.yaml ./

# The bill of materials. Not by --omit dev, which leaves out what development needs, too: npm/cli
# issue 7909.
FROM node:24-bookworm-slim AS bill
WORKDIR /hello-dynamodb
COPY package.json package-lock.json ./
RUN npm pkg delete devDependencies optionalDependencies \
  && npm prune --package-lock-only --offline \
  && npm sbom --package-lock-only --sbom-format cyclonedx --sbom-type application > sbom.cdx.json

FROM node:24-bookworm-slim
LABEL org.opencontainers.image.title="hello-dynamodb" \
  org.opencontainers.image.description="A hello API over Amazon DynamoDB, standalone or on AWS Lambda" \
  org.opencontainers.image.licenses="MIT-0"
# Where Lambda has a function's code, too.
WORKDIR /var/task
COPY --from=runtime-client \
  /build/sbom.cdx.json \
  /build/node_modules/aws-lambda-ric/index.mjs \
  /build/node_modules/aws-lambda-ric/rapid-client.node \
  /build/node_modules/aws-lambda-ric/LICENSE \
  /build/node_modules/aws-lambda-ric/NOTICE \
  /build/node_modules/aws-lambda-ric/THIRD-PARTY-LICENSES \
  aws-lambda-ric/
COPY --from=build /build/dist ./
COPY --from=bill /hello-dynamodb/sbom.cdx.json ./
ENV NODE_ENV=production HOST=0.0.0.0 PORT=3000
USER 1000:1000
EXPOSE 3000
# Lambda has no use for it.
HEALTHCHECK --interval=5s --timeout=3s --start-period=10s \
  CMD ["node", "/var/task/healthcheck.mjs"]
# Node.js itself is the first process: a shell would not pass on SIGTERM.
# Megabytes for young objects: left alone, V8 takes few in a small container, and loses a quarter of
# the requests per second to the collection of garbage; and it begins with few anywhere, at the cost of
# the cold start. With 16, a server of 128 MB ran out of memory under load.
ENTRYPOINT ["node", "--min-semi-space-size=8", "--max-semi-space-size=8", "/var/task/main.mjs"]
