import { type Summary, summarize } from './statistics.ts'

/** The results of one run of a subject, by the name of the figure. */
export type Figures = Record<string, number>

/** The results of all runs of a subject: each figure, and its ratio to the peer's in the same round. */
type Row = Record<string, Summary & { ratio: Summary }>

export type Table = Record<string, Row>

/**
 * Runs the subjects in turn, so that other load on the machine affects all of them, and summarizes the
 * rounds. The first round is not counted: it warms the caches of the machine.
 *
 * @param peer the subject that the others are compared with
 */
export async function interleave(
  title: string,
  subjects: Record<string, () => Promise<Figures>>,
  rounds: number,
  peer = 'bare'
): Promise<Table> {
  const runs = new Map<string, Figures[]>(Object.keys(subjects).map((name) => [name, []]))
  for (let round = 0; round <= rounds; round++) {
    for (const [name, run] of Object.entries(subjects)) {
      const figures = await run()
      if (round > 0) runs.get(name)?.push(figures)
    }
    console.error(`${title}: ${round} of ${rounds} rounds`)
  }
  const peers = runs.get(peer) ?? []
  return Object.fromEntries([...runs].map(([name, each]) => [name, summarizeRuns(each, peers)]))
}

function summarizeRuns(runs: Figures[], peers: Figures[]): Row {
  const names = Object.keys(runs[0] ?? {})
  return Object.fromEntries(
    names.map((name) => {
      const values = runs.map((run) => run[name] ?? Number.NaN)
      const ratios = values.map((value, round) => value / (peers[round]?.[name] ?? Number.NaN))
      return [name, { ...summarize(values), ratio: summarize(ratios) }]
    })
  )
}
