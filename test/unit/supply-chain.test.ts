import { readFile } from 'node:fs/promises'
import t from 'tap'
import { type Static, type TSchema, Type } from 'typebox'
import { Value } from 'typebox/value'

const root = new URL('../../', import.meta.url)

const Versions = Type.Optional(Type.Record(Type.String(), Type.String()))
const Manifest = Type.Object({
  dependencies: Versions,
  devDependencies: Versions,
  allowScripts: Type.Record(Type.String(), Type.Boolean()),
})
const Lockfile = Type.Object({
  packages: Type.Record(
    Type.String(),
    Type.Object({
      integrity: Type.Optional(Type.String()),
      inBundle: Type.Optional(Type.Boolean()),
      hasInstallScript: Type.Optional(Type.Boolean()),
    })
  ),
})

async function read<T extends TSchema>(schema: T, path: string): Promise<Static<T>> {
  return Value.Parse(schema, JSON.parse(await readFile(new URL(path, root), 'utf8')))
}

for (const folder of ['', 'src/lambda/runtime-client/']) {
  const manifest = await read(Manifest, `${folder}package.json`)
  const { packages } = await read(Lockfile, `${folder}package-lock.json`)
  const installed = Object.entries(packages).filter(([path]) => path !== '')

  t.test(`${folder}package.json asks for exact versions`, async (t) => {
    const versions = { ...manifest.dependencies, ...manifest.devDependencies }
    for (const [name, version] of Object.entries(versions)) t.match(version, /^\d[\w.-]+$/, name)
  })

  t.test(`${folder}package-lock.json has the hash of every package`, async (t) => {
    const unlocked = installed.filter(([, { integrity, inBundle }]) => !integrity && !inBundle)
    t.strictSame(unlocked, [])
  })

  t.test(`${folder}package.json says of every install script whether it may run`, async (t) => {
    const withScript = installed.filter(([, { hasInstallScript }]) => hasInstallScript)
    const names = withScript.map(([path]) => path.replace(/.*node_modules\//, ''))
    t.ok(names.length > 0)
    t.strictSame([...new Set(names)].sort(), Object.keys(manifest.allowScripts).sort())
  })
}
