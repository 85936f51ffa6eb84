import type { Repository } from '../hello/repository.ts'

const sampleNames = { 1: 'Ada', 2: 'Grace', 3: 'Katherine' }

/** Stores the sample names, each unless its id has a name. */
export async function putSampleNames(repository: Repository): Promise<void> {
  for (const [id, name] of Object.entries(sampleNames)) {
    if ((await repository.getName(id)) === undefined) await repository.putName(id, name)
  }
}
