import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { axeViolations, launch, logIn, picture, type Tab } from './browser.ts'
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
afterEach(() => {
  fake.api.well()
  fake.api.region.idle = false
})

/** Path, the call its content comes from, and words of its empty state. */
const lists: readonly (readonly [path: string, call: string, empty: string])[] = [
  ['/clients', 'ListClients', 'Nobody has connected yet'],
  ['/topics', 'ListTopicChildren', 'Nothing has been published yet'],
  ['/retained', 'ListRetained', 'No topic holds a retained message'],
  ['/subscriptions', 'ListSubscriptions', 'Nobody has subscribed yet'],
  ['/groups', 'ListGroups', 'There is no group yet'],
  ['/messages', 'QueryMessages', 'No stored message matches'],
  ['/traces', 'SearchTraces', 'No trace of that time matches'],
  ['/events', 'ListEvents', 'Nothing has happened yet'],
]

const open = async (path: string, words: string) => {
  await tab.page.goto(fake.url + path)
  await tab.page.getByRole('main').getByText(words).first().waitFor()
}

describe.each(lists)('%s', (path, call, empty) => {
  const name = path.slice(1)

  test('says why it is empty, and with which command it is filled', async () => {
    fake.api.answer(call, 'empty')
    fake.api.answer('WatchGroups', 'slow')
    await open(path, empty)
    expect(await tab.page.locator('.state .command code').count()).toBeGreaterThan(0)
    expect(await axeViolations(tab.page)).toEqual([])
    await picture(tab.page, `state-empty-${name}`)
  })

  test('says what failed, with a reason and the id of the request, and asks again', async () => {
    fake.api.answer(call, 'error')
    await open(path, 'gave no answer within 2 s')
    await tab.page.getByText('UNREACHABLE').first().waitFor()
    await tab.page.getByRole('button', { name: 'Copy' }).first().waitFor()
    expect(await axeViolations(tab.page)).toEqual([])
    await picture(tab.page, `state-error-${name}`)
    fake.api.well()
    await tab.page.getByRole('button', { name: 'Try again' }).click()
    await tab.page.getByRole('alert').waitFor({ state: 'detached' })
  })

  test('says that it may not be seen', async () => {
    fake.api.answer(call, 'denied')
    await open(path, 'Not allowed')
    await tab.page.getByText('NO_RULE_MATCHED').first().waitFor()
    expect(await tab.page.getByRole('button', { name: 'Try again' }).count()).toBe(0)
    await picture(tab.page, `state-denied-${name}`)
  })
})

test.each(lists.filter(([path]) => !/traces|events|topics/.test(path)))(
  '%s names what did not answer',
  async (path, call) => {
    fake.api.answer(call, 'partial')
    fake.api.answer('WatchGroups', 'slow')
    await open(path, 'Not everything is shown')
    expect(await axeViolations(tab.page)).toEqual([])
    await picture(tab.page, `state-partial-${path.slice(1)}`)
  },
)

test('an overview without clients says how to be the first', async () => {
  fake.api.region.idle = true
  await open('/', 'No clients yet')
  expect(await axeViolations(tab.page)).toEqual([])
  await picture(tab.page, 'state-empty-overview')
})

test('what was shown stays, greyed, when the next answer fails', async () => {
  await open('/queues', 'serving')
  fake.api.answer('ListRoutes', 'error')
  await tab.page.getByText('what is shown is what came before').waitFor()
  expect(await tab.page.locator('.stale').count()).toBe(1)
  await picture(tab.page, 'state-stale-queues')
})

test('a stream that is cut goes on by itself', async () => {
  await open('/messages?topic=fleet/%23&view=live', 'messages shown')
  const shown = async () =>
    Number.parseInt((await tab.page.getByText('messages shown').innerText()).replaceAll(',', ''), 10)
  const before = await shown()
  fake.api.cut()
  await expect.poll(shown, { timeout: 10_000 }).toBeGreaterThan(before)
  await expect.poll(() => tab.page.getByRole('alert').count()).toBe(0)
})

test('a pause keeps the rows and stops the stream', async () => {
  await open('/messages?topic=fleet/%23&view=live', 'messages shown')
  await tab.page.getByRole('button', { name: 'Pause' }).click()
  const rows = await tab.page.locator('tbody tr').count()
  expect(rows).toBeGreaterThan(0)
  await tab.page.getByRole('button', { name: 'Go on' }).click()
  await expect.poll(() => tab.page.locator('tbody tr').count()).toBeGreaterThan(rows)
})

test('a zone that dies is on the map within 2 s, and what it cost on the timeline', async () => {
  await open('/', 'az-c')
  const at = performance.now()
  fake.api.region.kill('az-c')
  await tab.page.getByRole('article', { name: 'Zone az-c, down' }).waitFor()
  expect(performance.now() - at).toBeLessThan(2_000)
  await tab.page.getByText('4 queues served again after 1.9 s').first().waitFor()
  await tab.page.getByText('312 deliveries repeated').waitFor()
  expect(await axeViolations(tab.page)).toEqual([])
  await picture(tab.page, 'state-zone-down')
  fake.api.region.heal('az-c')
  await tab.page.getByRole('article', { name: 'Zone az-c, healthy' }).waitFor()
})

test('a zone is killed and healed from the map, after a question', async () => {
  await open('/', 'az-b')
  await tab.page.getByRole('button', { name: 'Kill az-b' }).click()
  await tab.page.getByText('4 queues go to the other').waitFor()
  await picture(tab.page, 'dialog-kill')
  await tab.page.getByRole('dialog').getByRole('button', { name: 'Kill az-b' }).click()
  await tab.page.getByRole('article', { name: 'Zone az-b, down' }).waitFor()
  await tab.page.getByRole('button', { name: 'Heal az-b' }).click()
  await tab.page.getByRole('article', { name: 'Zone az-b, healthy' }).waitFor()
})

test('of 100,000 clients only what can be seen is in the page', async () => {
  await open('/clients', '100,000 match')
  for (let i = 0; i < 4; i++) {
    await tab.page.locator('.table-scroll').evaluate((element) => element.scrollTo(0, element.scrollHeight))
    await tab.page.getByRole('button', { name: 'Show more' }).click()
    await tab.page.getByText(`${i === 3 ? '1,000' : 200 * (i + 2)} shown`).waitFor()
  }
  expect(await tab.page.locator('tbody tr').count()).toBeLessThanOrEqual(200)
})

test('[X1] what clients send is text: no script runs, no markup appears', async () => {
  const said: string[] = []
  tab.page.on('dialog', (dialog) => {
    said.push(dialog.message())
    void dialog.dismiss()
  })
  await open('/clients', '<img src=x onerror=alert(1)>')
  expect(await tab.page.locator('main img').count()).toBe(0)
  const n = 29 * Math.floor((Date.now() / 25 - 4_000) / 29 / 23) * 23 + 29
  await open(`/messages/1-${n}`, '<script>alert(1)</script>')
  await tab.page.getByText('␛[31mred').first().waitFor()
  await tab.page.getByText('<b>bold</b>').waitFor()
  expect(await tab.page.locator('main b').count()).toBe(0)
  expect(said).toEqual([])
})

test('a session that ends shows the login, and the way back', async () => {
  const other = await logIn(browser, fake.url, fake.password)
  await other.page.goto(`${fake.url}/queues`)
  await other.page.getByText('serving').first().waitFor()
  await other.context.clearCookies()
  await other.page.getByRole('link', { name: 'Clients' }).click()
  await other.page.getByLabel('Password').waitFor()
  await other.context.close()
})
