import { fileURLToPath } from 'node:url'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { StandaloneValidator } from '@fastify/ajv-compiler'
import { StandaloneSerializer } from '@fastify/fast-json-stringify-compiler'
import { _ } from 'ajv'
import { buildApp } from '../app.ts'
import { readConfig } from '../config.ts'
import { formats } from '../dynamodb/partition-key.ts'

const formatsFile = fileURLToPath(import.meta.resolve('../dynamodb/partition-key.ts'))
// Those that Fastify adds, and ours.
const allFormats = _`({ ...require("ajv-formats/dist/formats").fullFormats, ...require(${formatsFile}).formats })`

/**
 * Generates the validators and serializers of all routes. Without this, Fastify generates the same code
 * when it starts, and the packages for that take longer to load than a request.
 *
 * @returns modules in place of those that give Fastify its compilers
 */
export async function generateSchemaCompilers(): Promise<Record<string, string>> {
  const validators = createStore()
  const serializers = createStore()
  const app = buildApp({
    client: DynamoDBDocumentClient.from(new DynamoDBClient({ region: 'none' })),
    config: readConfig({ DYNAMODB_TABLE_NAME: 'none', LOG_LEVEL: 'silent' }),
    ajv: {
      customOptions: {
        formats,
        code: { source: true, formats: allFormats },
      },
    },
    schemaController: {
      compilersFactory: {
        buildValidator: StandaloneValidator({ readMode: false, storeFunction: validators.add }),
        buildSerializer: StandaloneSerializer({ readMode: false, storeFunction: serializers.add }),
      },
    },
  })
  await app.ready()
  return {
    '@fastify/ajv-compiler': validators.toModule(),
    '@fastify/fast-json-stringify-compiler': serializers.toModule(),
  }
}

/** The generated functions, each once, and which one each schema of a route has. */
function createStore() {
  const functions: string[] = []
  const indexes: Record<string, number> = {}
  return {
    add(route: object, code: string): void {
      if (!functions.includes(code)) functions.push(code)
      indexes[JSON.stringify(route)] = functions.indexOf(code)
    },
    toModule: () => `
      const functions = [${functions.map(toFunction)}]
      const indexes = ${JSON.stringify(indexes)}
      module.exports = () => () => (route) => {
        const found = functions[indexes[JSON.stringify(route)]]
        if (!found)
          throw new Error(route.method + ' ' + route.url + ' was not there when the function was built: src/build/schema-compilers.ts')
        return found()
      }`,
  }
}

const toFunction = (code: string) =>
  `() => { const module = { exports: {} }; ${code}; return module.exports }`
