import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { axeViolations, launch, logIn, picture, settled, type Tab } from './browser.ts'
import { type FakeConsole, startFakeConsole } from './fake/fake-console.ts'
import { pages } from './pages.ts'

let fake: FakeConsole
let browser: Browser

beforeAll(async () => {
  fake = await startFakeConsole()
  browser = await launch()
})
afterAll(async () => {
  await browser?.close()
  fake.close()
})

describe.each(['light', 'dark'] as const)('in %s colours', (theme) => {
  let tab: Tab
  beforeAll(async () => {
    tab = await logIn(browser, fake.url, fake.password, { theme })
  })
  afterAll(() => tab?.context.close())

  test.each(pages)(
    '%s shows what it is for, and breaks no rule of WCAG 2.2 AA that can be seen',
    async (name, path, shows) => {
      await tab.page.goto(fake.url + path)
      await tab.page.getByRole('main').getByText(shows).first().waitFor()
      await settled(tab.page)
      // As long as it is: what lies below the fold is looked at too.
      await tab.page.setViewportSize({ width: 1_440, height: name === 'overview' ? 1_750 : 900 })
      await picture(tab.page, `${name}-${theme}`)
      expect(await axeViolations(tab.page)).toEqual([])
      expect(tab.complaints).toEqual([])
    },
  )
})

test('the login page says where the password is, and breaks no rule', async () => {
  const context = await browser.newContext()
  const page = await context.newPage()
  await page.goto(`${fake.url}/clients?q=car-`)
  await page.getByText('admin.txt').waitFor()
  expect(await axeViolations(page)).toEqual([])
  await picture(page, 'login-light')
  await page.getByLabel('Password').fill('wrong password')
  await page.keyboard.press('Enter')
  await page.getByRole('alert').waitFor()
  await page.getByLabel('Password').fill(fake.password)
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'Clients', level: 1 }).waitFor()
  expect(page.url()).toBe(`${fake.url}/clients?q=car-`)
  await context.close()
})

describe('on the phone of who is on call, 360 px wide', () => {
  let tab: Tab
  beforeAll(async () => {
    tab = await logIn(browser, fake.url, fake.password, { width: 360, height: 740 })
  })
  afterAll(() => tab?.context.close())

  test.each(pages)('%s fits', async (name, path, shows) => {
    await tab.page.goto(fake.url + path)
    await tab.page.getByRole('main').getByText(shows).first().waitFor()
    await picture(tab.page, `${name}-360`)
    const wide = await tab.page.getByRole('main').evaluate((main) => main.scrollWidth - main.clientWidth)
    expect(wide).toBe(0)
  })

  test('the menu leads on', async () => {
    const { page } = tab
    await page.goto(fake.url)
    await page.getByRole('button', { name: 'Pages' }).click()
    await page.getByRole('link', { name: 'Events', exact: true }).click()
    await page.getByRole('heading', { name: 'Events' }).waitFor()
  })
})
