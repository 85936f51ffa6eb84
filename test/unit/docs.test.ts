import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import manifest from '../../package.json' with { type: 'json' }

const root = fileURLToPath(new URL('../../', import.meta.url))
const pages = globSync(['*.md', '{.github,src,test}/**/*.md'], { cwd: root })

t.test('each relative link of the documentation leads to a file and a heading', async (t) => {
  t.ok(pages.length > 5)
  for (const page of pages) {
    for (const [, path = '', heading] of read(page).matchAll(
      /\]\((?!http)([^)#\s]*)#?([^)]*)\)/g
    )) {
      const target = path ? resolve(root, dirname(page), path) : resolve(root, page)
      t.ok(existsSync(target), `${page}: ${path}`)
      if (heading) t.ok(headings(target).includes(heading), `${page}: ${path}#${heading}`)
    }
  }
})

t.test('each npm script that the documentation names exists', async (t) => {
  const commands = /\bnpm (?:run (?:--silent )?|(?=start|test))([\w:]+)/g
  for (const page of pages)
    for (const [command, name = ''] of read(page).matchAll(commands))
      t.ok(name in manifest.scripts, `${page}: ${command}`)
})

t.test('the README has at most 200 lines', async (t) => {
  t.ok(read('README.md').split('\n').length <= 201)
})

function read(path: string): string {
  return readFileSync(resolve(root, path), 'utf8')
}

/** Returns the headings of a page, in the form of GitHub's links. */
function headings(page: string): string[] {
  return [...read(page).matchAll(/^#+ (.*)$/gm)].map(([, text = '']) =>
    text
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replaceAll(' ', '-')
  )
}
