import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { axeViolations, launch, logIn, picture, settled, type Tab } from './browser.ts'
import { type FakeConsole, startFakeConsole } from './fake/fake-console.ts'

let fake: FakeConsole
let browser: Browser
let tab: Tab

beforeAll(async () => {
  fake = await startFakeConsole()
  browser = await launch()
  tab = await logIn(browser, fake.url, fake.password)
})
afterAll(async () => {
  await browser?.close()
  fake.close()
})

test('by keys alone: from anywhere to a client, its events and back', async () => {
  const { page } = tab
  await page.goto(fake.url)
  await page.getByText('Connected clients').waitFor()
  await page.keyboard.press('Control+k')
  await page.getByRole('combobox').waitFor()
  expect(await axeViolations(page)).toEqual([])
  await picture(page, 'palette')
  await page.keyboard.type('cli')
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'Clients', level: 1 }).waitFor()
  await page.keyboard.press('/')
  await page.keyboard.type('car-00001')
  await page.waitForURL('**/clients?q=car-00001')
  await page.keyboard.press('Escape')
  await page.getByRole('link', { name: 'car-000010' }).waitFor()
  await page.keyboard.press('j')
  await page.keyboard.press('j')
  await expect.poll(() => page.evaluate('document.activeElement.dataset.row')).toBe('1')
  await page.keyboard.press('Enter')
  await page.waitForURL('**/clients/car-000011')
  await page.getByRole('tab', { name: 'Subscriptions' }).focus()
  for (const _ of [1, 2, 3]) await page.keyboard.press('ArrowRight')
  await page.waitForURL('**/clients/car-000011?tab=events')
  await page.keyboard.press('?')
  await page.getByRole('dialog', { name: 'Keys' }).waitFor()
  await page.keyboard.press('Escape')
  await page.keyboard.press('g')
  await page.keyboard.press('o')
  await page.getByRole('heading', { name: 'Overview' }).waitFor()
  await page.keyboard.press('.')
  await page.getByText('paused').waitFor()
  await page.keyboard.press('.')
})

test('the keys of the waterfall zoom, and back', async () => {
  const { page } = tab
  await page.goto(`${fake.url}/messages/1-71800000001/trace`)
  const whole = page.getByRole('button', { name: 'Whole trace' })
  await whole.waitFor()
  expect(await whole.isDisabled()).toBe(true)
  await page.keyboard.press('w')
  expect(await whole.isEnabled()).toBe(true)
  await whole.click()
  expect(await whole.isDisabled()).toBe(true)
})

test.each([
  ['/clients?q=car-0000&state=connected&sort=inflight desc', 'in flight'],
  ['/messages?topic=fleet/%2B/%2B/gps&order=oldest&from=10 min', 'Looked through'],
  ['/topics?path=fleet/car&sort=bytes', 'about 1,024,118'],
  ['/messages/1-71800000001/trace?span=0000000000000004', 'synced'],
  ['/events?kind=leader-changed', 'nameserver-a leads'],
])('a link to %s shows the same in a fresh browser', async (path, shows) => {
  const { page } = tab
  await page.goto(fake.url + path)
  await page.getByRole('main').getByText(shows).first().waitFor()
  await settled(page)
  const fresh = await logIn(browser, page.url(), fake.password)
  await fresh.page.getByRole('main').getByText(shows).first().waitFor()
  await settled(fresh.page)
  expect(fresh.page.url()).toBe(page.url())
  const fields = (at: Tab['page']) =>
    at
      .locator('main input:not([type=range]), main select')
      .evaluateAll((all) => all.map((each) => (each as unknown as { value: string }).value))
  expect(await fields(fresh.page)).toEqual(await fields(page))
  await fresh.context.close()
})

test('a click goes where a link says, and back leads back', async () => {
  const { page } = tab
  await page.goto(`${fake.url}/topics?path=fleet`)
  await page.getByRole('button', { name: 'car / 400' }).click()
  await page.waitForURL('**/topics?path=fleet/car')
  await page.goBack()
  await page.waitForURL('**/topics?path=fleet')
})

test('a message is resent after it was said what that would do', async () => {
  const { page } = tab
  await page.goto(`${fake.url}/messages/5-71800000001`)
  await page.getByRole('button', { name: 'Resend' }).click()
  await page.getByLabel('Topic (empty: their own)').fill('lab/again')
  await page.getByRole('button', { name: 'What would be published?' }).click()
  await page.getByText('to lab/again').waitFor()
  await picture(page, 'dialog-resend')
  await page.getByRole('button', { name: 'Publish 1 message again' }).click()
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  const sent = fake.api.calls.filter(({ name }) => name.endsWith('ResendMessages')).at(-1)?.request
  expect(sent).toMatchObject({ messageIds: ['5-71800000001'], topic: 'lab/again' })
  expect(sent.validateOnly).toBeUndefined()
})

test('selected clients are disconnected, and how many that is, is said before', async () => {
  const { page } = tab
  await page.goto(`${fake.url}/clients`)
  await page.getByLabel('Select car-000001').check()
  await page.getByLabel('Select car-000002').check()
  await page.getByRole('button', { name: 'Disconnect 2 selected clients' }).click()
  await page.getByText('2 connections would be').waitFor()
  await page.getByRole('dialog').getByRole('button', { name: 'Disconnect', exact: true }).click()
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  const sent = fake.api.calls.filter(({ name }) => name.endsWith('DisconnectClients')).at(-1)?.request
  expect(sent).toEqual({ clientIds: ['car-000001', 'car-000002'] })
})

test('colours are chosen, and kept over a reload', async () => {
  const { page } = tab
  await page.goto(fake.url)
  const button = page.getByRole('button', { name: /^Colours/ })
  await button.click()
  await button.click()
  await page.reload()
  await page.getByRole('button', { name: 'Colours: dark. Change' }).click()
})
