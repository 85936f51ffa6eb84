import type { Test } from 'tap'

interface Subject<Ability extends string> {
  name: string
  /** The abilities that it does not support, each with the reason. */
  unsupported: { [ability in Ability]?: string }
}

/** Defines a test unless the subject does not support an ability that the test needs; then prints why. */
export function testUnlessUnsupported<Ability extends string>(
  t: Test,
  subject: Subject<Ability>
): (name: string, needs: Ability[], body: (t: Test) => Promise<unknown>) => void {
  return (name, needs, body) => {
    const reasons = needs.flatMap((ability) => subject.unsupported[ability] ?? [])
    // Not t.comment: tap's default reporter on a terminal does not print comments.
    if (reasons.length > 0)
      console.error(`left out for ${subject.name}: ${name} (${reasons.join('; ')})`)
    else t.test(name, body)
  }
}
