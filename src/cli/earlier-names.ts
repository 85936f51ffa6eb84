import { hash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Level } from 'level'
import type { Name } from '../hello/repository.ts'

// Hashes only, as ids and names can be personal data, and the disk is not the place for copies.
interface Entry {
  nameHash: string
  line: number
}

const hashOf = (text: string) => hash('sha256', text, 'base64')

/**
 * Remembers the names of a file, to find an id that occurs again; `close` it in the end. What is saved
 * is in a temporary database, so the memory does not grow with the file.
 */
export function rememberNames() {
  let saved: Awaited<ReturnType<typeof openTemporary>> | undefined
  const unsaved = new Map<string, Entry>()

  /** Adds the name of an id. If the id has a name already, that one stays, and its row is returned. */
  function add({ id, name, line }: Name & { line: number }) {
    const key = hashOf(id)
    const nameHash = hashOf(name)
    const earlier = unsaved.get(key) ?? saved?.database.getSync(key)
    if (earlier) return { line: earlier.line, hasSameName: earlier.nameHash === nameHash }
    unsaved.set(key, { nameHash, line })
    return undefined
  }

  /** Moves what was added out of the memory. */
  async function save(): Promise<void> {
    saved ??= await openTemporary()
    const puts = Array.from(unsaved, ([key, value]) => ({ type: 'put' as const, key, value }))
    await saved.database.batch(puts)
    unsaved.clear()
  }

  async function close(): Promise<void> {
    await saved?.remove()
  }
  return { add, save, close }
}

async function openTemporary() {
  const folder = await mkdtemp(join(tmpdir(), 'import-names-'))
  const database = new Level<string, Entry>(folder, { valueEncoding: 'json' })
  await database.open()

  async function remove(): Promise<void> {
    await database.close()
    await rm(folder, { recursive: true })
  }
  return { database, remove }
}
