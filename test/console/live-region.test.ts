import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { connectAsync, type MqttClient } from 'mqtt'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Region, startRegion } from '../support/region.ts'
import { launch, logIn, picture, type Tab } from './browser.ts'

/** The console as `npm start` runs it, on a region of real processes. */
let region: Region
let browser: Browser
let tab: Tab
let client: MqttClient
let url: string

beforeAll(async () => {
  region = await startRegion(undefined, { onlookers: ['trace', 'console'] })
  url = `http://${region.plan.console.http}`
  const told = readFileSync(join(region.plan.folder, 'admin.txt'), 'utf8')
  browser = await launch()
  tab = await logIn(browser, url, /password {2}(\S+)/.exec(told)?.[1] ?? '')
  client = await connectAsync(`mqtt://${region.addresses[0]}`, { protocolVersion: 5, clientId: 'car-17' })
})
afterAll(async () => {
  await client?.endAsync()
  await browser?.close()
  await region?.stop()
})

test('what a client publishes is in the live tail, is found again, and has its trace', async () => {
  const { page } = tab
  await page.goto(`${url}/messages?topic=demo/%23&view=live`)
  await page.getByText('waiting for the first message').waitFor()
  await client.publishAsync('demo/hello', '{"speed":42}', { qos: 1 })
  await page.getByText('{"speed":42}').waitFor()
  await picture(page, 'live-tail')
  await page.getByRole('button', { name: 'Query' }).click()
  const link = page.getByRole('link', { name: /^\d+-\d+$/ }).first()
  await link.click()
  await page.getByText('speed').waitFor()
  await picture(page, 'live-message')
  await page.getByRole('link', { name: 'Trace', exact: true }).click()
  await page.getByText(/\d+ spans? in/).waitFor({ timeout: 20_000 })
  await picture(page, 'live-trace')
  expect(tab.complaints).toEqual([])
})

test('topics and retained messages are seen', async () => {
  const { page } = tab
  await client.publishAsync('fleet/car/17/state', 'on', { qos: 1, retain: true })
  await page.goto(`${url}/retained`)
  await page.getByRole('link', { name: 'fleet/car/17/state' }).waitFor()
  await page.goto(`${url}/topics`)
  await page.getByRole('main').getByText('fleet').first().waitFor()
  await picture(page, 'live-topics')
})

test('a message that is resent comes again, and says from where', async () => {
  const { page } = tab
  const came = new Promise<Readonly<Record<string, unknown>>>((resolve) => {
    client.on(
      'message',
      (topic, _, packet) => topic === 'lab/again' && resolve(packet.properties?.userProperties ?? {}),
    )
  })
  await client.subscribeAsync('lab/#', { qos: 1 })
  await page.goto(`${url}/messages?topic=demo/hello`)
  await page
    .getByRole('link', { name: /^\d+-\d+$/ })
    .first()
    .click()
  await page.getByRole('button', { name: 'Resend' }).click()
  await page.getByLabel('Topic (empty: their own)').fill('lab/again')
  await page.getByRole('button', { name: 'Publish 1 message again' }).click()
  expect((await came)['tern-resent-from']).toMatch(/^\d+-\d+$/)
})
