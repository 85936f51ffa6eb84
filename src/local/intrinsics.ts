/** What the intrinsic functions of a CloudFormation template refer to, by name. */
export interface References {
  /** Parameters, and those pseudo parameters (like `AWS::Region`) that have a value here. */
  parameters: Record<string, unknown>
  conditions: Record<string, unknown>
}

const noValue = Symbol('AWS::NoValue')

/**
 * Resolves a part of a template: its Ref, Fn::Sub, Fn::If and the functions that conditions are
 * made of, where they come down to parameters. (AWS CloudFormation User Guide, "Intrinsic function
 * reference")
 *
 * @throws {Error} naming the function that cannot be resolved
 */
export function resolve(part: unknown, references: References): unknown {
  if (Array.isArray(part)) return resolveAll(part, references)
  if (typeof part !== 'object' || part === null) return part

  const entries = Object.entries(part)
  const [[name, argument] = ['', undefined]] = entries
  if (entries.length === 1 && isIntrinsic(name)) return call(name, argument, references)

  return Object.fromEntries(
    entries
      .map(([key, value]) => [key, resolve(value, references)])
      .filter(([, value]) => value !== noValue)
  )
}

function isIntrinsic(name: string): boolean {
  return name === 'Ref' || name === 'Condition' || name.startsWith('Fn::')
}

function call(name: string, argument: unknown, references: References): unknown {
  const all = () => resolveAll(argument, references)
  switch (name) {
    case 'Ref':
      return argument === 'AWS::NoValue' ? noValue : find(references.parameters, argument, name)
    case 'Condition':
      return resolve(find(references.conditions, argument, name), references)
    case 'Fn::Sub':
      return substitute(argument, references)
    case 'Fn::If': {
      const [condition, then, otherwise] = Array.isArray(argument) ? argument : []
      return resolve(call('Condition', condition, references) ? then : otherwise, references)
    }
    case 'Fn::Equals': {
      const [left, right] = all()
      return String(left) === String(right)
    }
    case 'Fn::And':
      return all().every(Boolean)
    case 'Fn::Or':
      return all().some(Boolean)
    case 'Fn::Not':
      return !all()[0]
    default:
      throw new Error(`cannot resolve ${name}`)
  }
}

function resolveAll(parts: unknown, references: References): unknown[] {
  return [parts]
    .flat()
    .map((part) => resolve(part, references))
    .filter((part) => part !== noValue)
}

function substitute(argument: unknown, { parameters, conditions }: References): string {
  const [text, variables] = [argument].flat()
  const own = resolve(variables, { parameters, conditions })
  const values = { ...parameters, ...(own instanceof Object ? own : {}) }
  return String(text).replace(/\$\{(!?)(.+?)\}/g, (_, literal: string, name: string) =>
    literal ? `\${${name}}` : String(find(values, name, 'Fn::Sub'))
  )
}

function find(values: Record<string, unknown>, name: unknown, intrinsic: string): unknown {
  if (typeof name === 'string' && Object.hasOwn(values, name)) return values[name]
  throw new Error(`cannot resolve ${intrinsic} ${JSON.stringify(name)}`)
}
