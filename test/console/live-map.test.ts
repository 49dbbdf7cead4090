import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { connectAsync, type MqttClient } from 'mqtt'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Region, startRegion } from '../support/region.ts'
import { axeViolations, launch, logIn, picture, settled, type Tab } from './browser.ts'

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
  await client.subscribeAsync('$share/billing/demo/#', { qos: 1 })
})
afterAll(async () => {
  await client?.endAsync()
  await browser?.close()
  await region?.stop()
})

test.each([
  ['/', 'Connected clients'],
  ['/clients', 'car-17'],
  ['/clients/car-17', 'Connected to'],
  ['/subscriptions', 'demo/#'],
  ['/groups', 'billing'],
  ['/queues', 'serving'],
  ['/events', 'What happened'],
])('%s shows what is', async (path, shows) => {
  const { page } = tab
  await page.goto(url + path)
  await page.getByRole('main').getByText(shows).first().waitFor()
  await settled(page)
  await picture(page, `live${path.replaceAll('/', '-')}`)
  expect(await axeViolations(page)).toEqual([])
  expect(tab.complaints).toEqual([])
})

test('the client of the page speaks MQTT 5 with a proxy itself', async () => {
  const { page } = tab
  await page.goto(`${url}/try`)
  await page.getByRole('button', { name: 'Connect', exact: true }).click()
  await page.getByText('● connected').waitFor()
  await page.getByRole('button', { name: 'Publish', exact: true }).click()
  await page.getByText('0x00 success').waitFor()
  await page.getByText('{"hello":"world"}').last().waitFor()
  await picture(page, 'live-try')
})

test('a zone that is killed is on the map within 2 s, and its cost on the timeline', async () => {
  const { page } = tab
  await page.goto(url)
  await page.getByRole('article', { name: 'Zone az-c, healthy' }).waitFor()
  const gone = region.killZone('az-c')
  const at = performance.now()
  await page.getByRole('article', { name: 'Zone az-c, down' }).waitFor()
  expect(performance.now() - at).toBeLessThan(2_000)
  await gone
  await page
    .getByText(/served again after/)
    .first()
    .waitFor({ timeout: 20_000 })
  await picture(page, 'live-zone-down')
  await region.restartZone('az-c')
  await page.getByRole('article', { name: 'Zone az-c, healthy' }).waitFor({ timeout: 20_000 })
})

test('a zone is killed and healed from the page', async () => {
  const { page } = tab
  await page.goto(url)
  await page.getByRole('button', { name: 'Kill az-b' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Kill az-b' }).click()
  await page.getByRole('article', { name: 'Zone az-b, down' }).waitFor()
  await page.getByRole('button', { name: 'Heal az-b' }).click()
  await page.getByRole('article', { name: 'Zone az-b, healthy' }).waitFor({ timeout: 30_000 })
})
