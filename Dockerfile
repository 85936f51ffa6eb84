# The image of the service, which runs as an HTTP server and as a Lambda function (src/main.ts).

# Lambda's runtime client, compiled for the Node.js of the image.
FROM node:24-bookworm-slim AS runtime-client
RUN apt-get update \
  && apt-get install --yes --no-install-recommends \
    autoconf automake cmake g++ libtool make python3 xz-utils
WORKDIR /build
COPY src/lambda/runtime-client ./
# The headers of this Node.js are in /usr/local. By default, node-gyp downloads them.
RUN npm_config_nodedir=/usr/local npm ci \
  && strip node_modules/aws-lambda-ric/rapid-client.node \
  && npm sbom --sbom-format cyclonedx > sbom.cdx.json

FROM node:24-bookworm-slim AS build
WORKDIR /build
COPY package.json package-lock.json ./
# The bundles need no install scripts, and are built with the Node.js of the image.
RUN npm pkg delete optionalDependencies && npm ci --ignore-scripts
COPY src src
# The code cache is valid only for the Node.js that has created it.
RUN npm run build
# The service `setup` of docker-compose.yml uses this stage.
COPY template.yaml ./

# The bill of materials. `--omit dev` would also omit packages that both need (npm/cli issue 7909).
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
# The folder of a function's code on Lambda.
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
# What the image is built from, such as a commit, for its label and its log.
ARG VERSION=dev
LABEL org.opencontainers.image.version=$VERSION
ENV NODE_ENV=production HOST=0.0.0.0 PORT=3000 SERVICE_VERSION=$VERSION
USER 1000:1000
EXPOSE 3000
# Lambda ignores it. A busy machine takes seconds to start the program.
HEALTHCHECK --interval=5s --timeout=10s --start-period=60s \
  CMD ["node", "/var/task/healthcheck.mjs"]
# Node.js is the first process, since a shell does not forward SIGTERM.
# The options are the megabytes for young objects. By default, V8 uses fewer in a small container, which
# costs a quarter of the requests per second, and fewer at the start, which makes a cold start slower.
# With 16, a server of 128 MB ran out of memory under load.
ENTRYPOINT ["node", "--min-semi-space-size=12", "--max-semi-space-size=12", "/var/task/main.mjs"]
