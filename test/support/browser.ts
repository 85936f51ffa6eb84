import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { type BrowserContextOptions, chromium } from 'playwright-core'
import type { Test } from 'tap'

const programs = ['chromium', 'google-chrome']
const folders = process.env.PATH?.split(delimiter) ?? []
const executablePath = programs
  .flatMap((program) => folders.map((folder) => join(folder, program)))
  .find((path) => existsSync(path))

/** The reason why no browser can be tested here, or `false`. */
export const noBrowser =
  executablePath === undefined && 'it requires Chromium: apt-get install chromium'

/** Starts a headless Chromium until the test ends; returns what opens a page in it. */
export async function startBrowser(t: Test) {
  const browser = await chromium.launch({ executablePath })
  t.teardown(() => browser.close())

  return async function openPage(url: string, options?: BrowserContextOptions) {
    const context = await browser.newContext(options)
    const page = await context.newPage()
    const errors: string[] = []
    page.on('pageerror', ({ message }) => errors.push(message))
    page.on('console', (message) => {
      if (message.type() === 'error') errors.push(message.text())
    })
    const origins = new Set<string>()
    page.on('request', (request) => origins.add(new URL(request.url()).origin))
    await page.goto(url)
    return { page, errors, origins }
  }
}
