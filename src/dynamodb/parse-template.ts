import { type CollectionTag, parse, type ScalarTag } from 'yaml'

const functions =
  'And Base64 Cidr Equals FindInMap GetAtt GetAZs If ImportValue Join Length Not Or Select Split Sub ToJsonString Transform'
const longForms = ['Ref', 'Condition', ...functions.split(' ').map((name) => `Fn::${name}`)]

/** Parses a CloudFormation or SAM template. `!Ref Table` becomes `{ Ref: 'Table' }`, and so on. */
export function parseTemplate(template: string) {
  return parse(template, { customTags: longForms.flatMap(shortForms) })
}

function shortForms(name: string): (ScalarTag | CollectionTag)[] {
  const tag = `!${name.replace('Fn::', '')}`
  const resolve = (value: unknown) => ({ [name]: value })
  const resolveNode: CollectionTag['resolve'] = (node) => resolve(node.toJSON())
  return [
    // !GetAtt Table.Arn becomes { Fn::GetAtt: [Table, Arn] }.
    { tag, resolve: (text) => resolve(tag === '!GetAtt' ? text.split(/\.(.*)/, 2) : text) },
    { tag, collection: 'seq', resolve: resolveNode },
    { tag, collection: 'map', resolve: resolveNode },
  ]
}
