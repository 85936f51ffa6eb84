import { AxeBuilder } from '@axe-core/playwright'
import type { Page } from 'playwright-core'
import t from 'tap'
import { noBrowser, startBrowser } from '../support/browser.ts'
import { messageFor, statusFor } from '../support/greeting.ts'
import { startProcess } from '../support/start-process.ts'

const ada = { id: '1', name: 'Ada' }

/** Sends the request of the page, and waits until the page shows a status and a text. */
async function execute(page: Page, status: number, text: string): Promise<void> {
  await page.getByRole('button', { name: 'Execute' }).click()
  const has = page.locator('.response-col_status').getByText(`${status}`, { exact: true })
  const response = page.locator('.live-responses-table .response', { has })
  await response.getByText(text, { exact: true }).waitFor()
}

t.test('the page of npm start', { skip: noBrowser }, async (t) => {
  const url = await startProcess(t, t.testdir()).printed(/in a browser +(\S+)/)
  const openPage = await startBrowser(t)

  t.test('on a desktop', async (t) => {
    const { page, errors, origins } = await openPage(url)

    for (const person of [ada, { id: 'unknown' }]) {
      t.test(`greets the example ${person.id}`, async () => {
        await page.getByRole('combobox').first().selectOption(person.id)
        await execute(page, statusFor(person), messageFor(person))
      })
    }

    t.test('greets an id with reserved characters', async () => {
      const person = { id: 'a/b?c=100% ü' }
      await page.getByPlaceholder('id').fill(person.id)
      await execute(page, statusFor(person), messageFor(person))
    })

    t.test('shows JSON if the reader selects it', async () => {
      await page.getByPlaceholder('id').fill(ada.id)
      await page.getByLabel('Media type').first().selectOption('application/json')
      await execute(page, statusFor(ada), `{ "message": "${messageFor(ada)}" }`)
    })

    t.test('sends requests to its own server only', async (t) => {
      t.strictSame([...origins], [new URL(url).origin])
    })

    t.test('has no errors', async (t) => {
      // Chromium reports the two responses for ids without a name.
      t.match(errors, [/ 404 \(Not Found\)$/, / 404 \(Not Found\)$/])
      t.equal(errors.length, 2)
    })
  })

  t.test('fits the width of a phone', async (t) => {
    const width = 375
    const phone = { viewport: { width, height: 812 }, isMobile: true, hasTouch: true }
    const { page } = await openPage(url, phone)
    await execute(page, statusFor(ada), messageFor(ada))
    t.equal(await page.evaluate('document.documentElement.scrollWidth'), width)
  })

  t.test('has sufficient contrast in dark mode', async (t) => {
    const { page } = await openPage(url, { colorScheme: 'dark' })
    await execute(page, statusFor(ada), messageFor(ada))
    const axe = new AxeBuilder({ page }).withRules('color-contrast')
    const { passes, violations } = await axe.analyze()
    t.strictSame(violations, [])
    t.equal(passes.length, 1)
  })
})
