import { readSettings } from '@tern/config'
import { logSettings, openLog } from '@tern/log'
import { messaging } from '@tern/proto'
import { connectApi } from '@tern/rpc'
import { silentLogger, systemClock } from '@tern/runtime'
import { type Region, startRegion } from '../../test/support/region.ts'
import { report, type Sheet } from '../report.ts'
import { fill, rare } from './fill.ts'

export type QueryOptions = Readonly<{ messages: number; rounds: number; added: boolean }>

/** One question, asked until its first message came; `pages` is how many answers that took. */
type Measured = Readonly<{ owners: string; question: string; firstMs: number; pages: number; scanned: number }>

const sheet: Sheet<Measured> = {
  file: 'query.json',
  names: [
    { title: 'owners', of: 'owners' },
    { title: 'question', of: 'question' },
  ],
  figures: [
    { title: 'first message ms', of: 'firstMs' },
    { title: 'answers', of: 'pages' },
    { title: 'looked at', of: 'scanned' },
  ],
}

const queues = 12
const questions: readonly [string, Partial<messaging.QueryMessagesRequest>][] = [
  ['newest of all', { newestFirst: true }],
  ['a rare topic, newest first', { topicFilter: rare.topic, newestFirst: true }],
  ['a rare branch, oldest first', { topicFilter: 'bench/rare/#' }],
  ['a rare branch, newest first', { topicFilter: 'bench/rare/#', newestFirst: true }],
  ['+ before a rare level', { topicFilter: '+/rare/#', newestFirst: true }],
  ['a rare publisher', { publisherClientId: rare.client, newestFirst: true }],
  ['nobody', { publisherClientId: 'nobody', newestFirst: true }],
]

/** How soon the first message of a query comes, of owners that saw all messages come, and of such as have just taken over. */
export async function runQuery({ messages, rounds, added }: QueryOptions): Promise<void> {
  const region = await startRegion()
  const measured: Measured[] = []
  try {
    const { settings } = readSettings(logSettings, ['--log', region.plan.log ?? ''], {})
    if (settings === undefined) throw new Error('the log of the region is not known')
    const log = await openLog(settings, systemClock, silentLogger)
    process.stderr.write(`fills ${messages} messages\n`)
    await fill(log, queues, messages, (done) => process.stderr.write(`${done}\n`))
    await untilOwnersHave(region, messages)
    await log.close()
    for (const owners of ['saw them come', 'have just taken over'] as const) {
      for (let round = 0; round < rounds; round++) {
        for (const [question, fields] of questions) {
          if (owners === 'have just taken over') await again(region, messages)
          const each = { owners, question, ...(await first(region, fields)) }
          process.stderr.write(`${JSON.stringify(each)}\n`)
          measured.push(each)
        }
      }
    }
  } finally {
    await region.stop()
  }
  report(sheet, measured, added)
}

async function first(
  region: Region,
  fields: Partial<messaging.QueryMessagesRequest>,
): Promise<Omit<Measured, 'owners' | 'question'>> {
  const client = connectApi(region.plan.api, messaging.MessagingServiceService)
  const began = performance.now()
  try {
    for (let pageToken = '', pages = 1; ; pages++) {
      const page = await client.queryMessages(
        messaging.QueryMessagesRequest.create({ ...fields, pageToken, pageSize: 10 }),
      )
      const firstMs = performance.now() - began
      if (page.messages.length > 0 || page.nextPageToken === '')
        return { firstMs, pages, scanned: page.scannedMessages }
      pageToken = page.nextPageToken
    }
  } finally {
    client.close()
  }
}

/** All zones begin anew: nothing of the past is in memory. */
async function again(region: Region, messages: number): Promise<void> {
  await region.killAll()
  await region.restartAll()
  await untilOwnersHave(region, messages)
}

async function untilOwnersHave(region: Region, messages: number): Promise<void> {
  const client = connectApi(region.plan.api, messaging.MessagingServiceService)
  for (;;) {
    const page = await client
      .queryMessages(messaging.QueryMessagesRequest.create({ pageSize: 1, newestFirst: true }))
      .catch(() => undefined)
    if (page && page.unreachableQueues.length === 0 && page.rangeMessages >= messages) break
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
  client.close()
}
