import { afterAll, afterEach, beforeAll, expect } from 'vitest'
import { type Region, startRegion } from '../support/region.ts'
import { RawClient, type Version } from './raw-client.ts'

let names = 0
/** A topic or client id that no other test uses. */
export const name = (): string => `c${++names}`

/** A region for the tests of a file, and clients that end with their test. Whatever they did, their neighbour notices nothing. */
export function useRegion() {
  let region: Region
  let neighbour: RawClient
  const opened: RawClient[] = []
  const at = (zone: number): string => region.addresses[zone] ?? ''
  beforeAll(async () => {
    region = await startRegion()
    neighbour = await RawClient.open(at(0), 'neighbour', { keepalive: 0 })
  }, 60_000)
  afterAll(() => region?.stop())
  afterEach(async () => {
    for (const client of opened.splice(0)) client.destroy()
    await neighbour.alive()
  })
  const open = async (fields: Parameters<typeof RawClient.open>[2] = {}, clientId = name(), zone = 0) => {
    const client = await RawClient.open(at(zone), clientId, fields)
    opened.push(client)
    return client
  }
  return {
    open,
    /** Each of these, from a client of its own, ends the connection with one of the codes. */
    async closesOn(wrong: readonly Buffer[], ...codes: number[]): Promise<void> {
      for (const bytes of wrong) {
        const client = await open()
        client.bytes(bytes)
        expect(await client.closed(), bytes.toString('hex')).toBeOneOf(codes)
      }
    },
    region: () => region,
    raw(version: Version = 5, zone = 0): RawClient {
      const client = new RawClient(at(zone), version)
      opened.push(client)
      return client
    },
  }
}

/** Resolves after a second and a half: that is when a client of keep alive 1 is closed. */
export async function moment(open: (fields: { keepalive: number }) => Promise<RawClient>): Promise<void> {
  await (await open({ keepalive: 1 })).closed()
}
