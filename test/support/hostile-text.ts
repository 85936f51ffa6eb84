import fc from 'fast-check'
import { sortKeys } from './greeting.ts'

// Each does harm where code does not escape or decode it: in a path, a log, a page, a key.
const harmful = [
  ...['\0', '\x1b[31m', '\r\n', '\n{"level":60,"msg":"forged"}\n', '\u2028', '\u202e', '\ufeff'],
  ...['/', '//', '/..', '/./', '\\', '%', '%00', '%2F', '%zz', '%c3%28', '?', '#', ';', '&', '+'],
  ...['"', "'", '`', '$&', '{id}', '<script>alert(1)</script>', '&lt;', ' ', '\t'],
  ...[
    ...Object.values(sortKeys),
    '__proto__',
    'constructor',
    'e\u0301',
    '👋🏽',
    '\uffff',
    '\u{10ffff}',
  ],
]

/** Any well-formed Unicode text, and combinations of texts that are known to do harm. */
export const hostileText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 50 }),
  fc
    .array(fc.oneof(fc.constantFrom(...harmful), fc.string({ unit: 'binary', maxLength: 3 })), {
      maxLength: 8,
    })
    .map((parts) => parts.join(''))
)
