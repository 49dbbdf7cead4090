import { clients } from '@tern/proto'
import { connectApi } from '@tern/rpc'
import { connectAsync } from 'mqtt'
import { type Region, startRegion } from '../../test/support/region.ts'
import { report, type Sheet } from '../report.ts'

export type ListsOptions = Readonly<{ sessions: number; rounds: number; added: boolean }>

type Measured = Readonly<{ question: string; sessions: number; p50Ms: number; p95Ms: number }>

const sheet: Sheet<Measured> = {
  file: 'lists.json',
  names: [{ title: 'question', of: 'question' }],
  figures: [
    { title: 'sessions', of: 'sessions' },
    { title: 'p50 ms', of: 'p50Ms' },
    { title: 'p95 ms', of: 'p95Ms' },
  ],
}

/** Connections that are opened at the same time. */
const atOnce = 200
const asksPerRound = 100

const questions: readonly [string, Partial<clients.ListClientsRequest>][] = [
  ['first page', { pageSize: 50 }],
  ['by state', { pageSize: 50, filter: 'state = "disconnected"' }],
  ['by prefix, deep in the list', { pageSize: 50, filter: 'client_id = "bench-session-9*"' }],
  ['a whole page', { pageSize: 1_000 }],
]

/** How soon a page of clients comes, of so many sessions that outlive their connections. */
export async function runLists({ sessions, rounds, added }: ListsOptions): Promise<void> {
  const region = await startRegion()
  const measured: Measured[] = []
  try {
    await fill(region, sessions)
    for (let round = 0; round < rounds; round++) {
      for (const [question, fields] of questions) {
        const times = await ask(region, fields)
        const at = (part: number) => times[Math.min(times.length - 1, Math.floor(times.length * part))] ?? 0
        const each = { question, sessions, p50Ms: at(0.5), p95Ms: at(0.95) }
        process.stderr.write(`${JSON.stringify(each)}\n`)
        measured.push(each)
      }
    }
  } finally {
    await region.stop()
  }
  report(sheet, measured, added)
}

async function fill({ addresses }: Region, sessions: number): Promise<void> {
  for (let from = 0; from < sessions; from += atOnce) {
    const count = Math.min(atOnce, sessions - from)
    const connecting = Array.from({ length: count }, async (_, i) => {
      const clientId = `bench-session-${from + i}`
      const properties = { sessionExpiryInterval: 86_400 }
      const options = { clientId, protocolVersion: 5, clean: false, reconnectPeriod: 0, properties } as const
      const client = await connectAsync(`mqtt://${addresses[i % addresses.length]}`, options)
      await client.endAsync()
    })
    await Promise.all(connecting)
    if (from % 10_000 === 0) process.stderr.write(`${from} sessions\n`)
  }
}

/** In order, as they took. */
async function ask(region: Region, fields: Partial<clients.ListClientsRequest>): Promise<number[]> {
  const client = connectApi(region.plan.api, clients.ClientServiceService)
  const times: number[] = []
  try {
    for (let i = 0; i < asksPerRound; i++) {
      const began = performance.now()
      await client.listClients(clients.ListClientsRequest.fromPartial(fields))
      times.push(performance.now() - began)
    }
  } finally {
    client.close()
  }
  return times.sort((a, b) => a - b)
}
