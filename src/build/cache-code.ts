import assert from 'node:assert/strict'
import { readdirSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { example } from '../resources.ts'
import { startDynamoDBStub } from './dynamodb-stub.ts'
import { runFunctionScript } from './function-script.ts'

/**
 * Creates the code cache of the function in a folder: the function handles the example request, and the
 * cache gets what V8 has compiled for it. V8 accepts the cache in the same image only.
 */
const [, , folder = ''] = process.argv
Object.assign(process.env, await startDynamoDBStub(example.database), { LOG_LEVEL: 'info' })

const name = readdirSync(folder).find((name) => /^function-.*\.cjs$/.test(name))
const filename = resolve(folder, `${name}`)
const { script, exports } = runFunctionScript(filename)
const response = await exports.handler?.(example.event, { awsRequestId: 'build' })
assert.deepEqual({ status: response?.statusCode, body: response?.body }, example.response)
writeFileSync(`${filename}.cache`, script.createCachedData())
// The function keeps its connection open, which would keep the process.
process.exit()
