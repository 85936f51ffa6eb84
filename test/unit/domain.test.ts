import { globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import manifest from '../../package.json' with { type: 'json' }

const cwd = fileURLToPath(new URL('../../src/', import.meta.url))

/** Words of the resource `hello`. A project that replaces the resource replaces these as well. */
const domain = [
  ...['Ada', 'greet', 'greeter', 'greeting', 'greetings', 'greets', 'hello', 'history'],
  ...['NOTFOUND', 'person'],
].map((word) => word.toLowerCase())

/** The files that a project replaces with the resource. */
const replaced = /^(hello\/|cli\/|local\/sample-names\.ts$|resources\.ts$)/

/** Returns the words of a source file, those within identifiers included, in lower case. */
function words(file: string): Set<string> {
  // The user agent has the service's own name: signature.test.ts compares it with package.json.
  const text = readFileSync(`${cwd}/${file}`, 'utf8').replaceAll(manifest.name, '')
  const found = text.match(/[A-Z]+(?![a-z])|[A-Z]?[a-z]+/g) ?? []
  return new Set(found.map((word) => word.toLowerCase()))
}

const files = globSync('**/*.{cjs,sh,ts}', { cwd })

t.test('only the files of the resource use the words of its domain', async (t) => {
  const others = files.filter((file) => !replaced.test(file))
  t.ok(others.length > 30)
  for (const file of others) {
    const found = words(file)
    t.strictSame(
      domain.filter((word) => found.has(word)),
      [],
      file
    )
  }
})

t.test('the resource uses each of these words', async (t) => {
  const used = files.filter((file) => replaced.test(file)).map(words)
  for (const word of domain)
    t.ok(
      used.some((found) => found.has(word)),
      word
    )
})

t.test('only config.ts and resources.ts name the variable of the resource', async (t) => {
  const naming = files.filter((file) => /MESSAGE_DAYS/.test(readFileSync(`${cwd}/${file}`, 'utf8')))
  t.strictSame(naming.sort(), ['config.ts', 'resources.ts'])
})
