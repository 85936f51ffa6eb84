import type { Test } from 'tap'

interface Subject<Ability extends string> {
  name: string
  /** What it does not support, each with the reason. */
  unsupported: { [ability in Ability]?: string }
}

/** Defines tests, each unless the subject lacks what it needs; then it says so. */
export function testUnlessUnsupported<Ability extends string>(
  t: Test,
  subject: Subject<Ability>
): (name: string, needs: Ability[], body: (t: Test) => Promise<unknown>) => void {
  return (name, needs, body) => {
    const reasons = needs.flatMap((ability) => subject.unsupported[ability] ?? [])
    // Not t.comment: the reporter that tap uses on a terminal shows no comments.
    if (reasons.length > 0)
      console.error(`left out for ${subject.name}: ${name} (${reasons.join('; ')})`)
    else t.test(name, body)
  }
}
