import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import axe from 'axe-core'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'

const executablePath = process.env['TERN_CHROMIUM'] ?? '/usr/bin/chromium'
const flags = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run']
const quiet = ['--disable-background-networking', '--disable-component-update', '--disable-sync']

/** Pictures of each page and state, in both themes. */
export const screenshots = join(import.meta.dirname, 'screenshots')

export const launch = (): Promise<Browser> => chromium.launch({ executablePath, args: [...flags, ...quiet] })

export type Theme = 'light' | 'dark'

/** What a page said that no page should say. */
export type Complaints = string[]

export type Tab = Readonly<{ context: BrowserContext; page: Page; complaints: Complaints }>

export async function logIn(
  browser: Browser,
  url: string,
  password: string,
  { theme = 'light', width = 1_440, height = 900 }: Readonly<{ theme?: Theme; width?: number; height?: number }> = {},
): Promise<Tab> {
  const context = await browser.newContext({
    ...{ viewport: { width, height }, colorScheme: theme, reducedMotion: 'reduce', timezoneId: 'UTC' },
    permissions: ['clipboard-read', 'clipboard-write'],
  })
  context.setDefaultTimeout(10_000)
  const page = await context.newPage()
  const complaints = complaintsOf(page)
  await page.goto(url)
  await page.getByLabel('Password').fill(password)
  await page.getByRole('button', { name: 'Log in' }).click()
  await page.getByRole('main').waitFor()
  return { context, page, complaints }
}

/** Errors of scripts, and of the policy that forbids inline ones. Answers with an error are part of some tests. */
function complaintsOf(page: Page): Complaints {
  const complaints: Complaints = []
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => {
    if (message.type() === 'error' && !/Failed to load resource|WebSocket connection/.test(message.text()))
      complaints.push(message.text())
  })
  return complaints
}

/** Nothing of the page is still being asked for. */
export async function settled(page: Page): Promise<void> {
  await page.locator('.spinner').first().waitFor({ state: 'detached' })
}

export async function picture(page: Page, name: string): Promise<void> {
  mkdirSync(screenshots, { recursive: true })
  await page.screenshot({ path: join(screenshots, `${name}.png`), animations: 'disabled' })
}

/** Each breach of WCAG 2.2 AA that a machine can see, as "rule: element". */
export async function axeViolations(page: Page): Promise<string[]> {
  await page.evaluate(axe.source)
  return page.evaluate(async () => {
    const tags = ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa']
    // biome-ignore lint/suspicious/noExplicitAny: it lives in the page.
    const { violations } = await (globalThis as any).axe.run({ runOnly: { type: 'tag', values: tags } })
    return violations.flatMap((each: { id: string; nodes: { html: string; failureSummary: string }[] }) =>
      each.nodes.map(({ html, failureSummary }) => `${each.id}: ${html.slice(0, 160)} ${failureSummary.slice(0, 240)}`),
    )
  })
}
