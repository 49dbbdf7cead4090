// Records of tern.state as the release of November 2026 wrote them: every later one must read them. A test that fails here is never mended
// by new bytes; add those of the new form beside the old ones.
import type { state } from '@tern/proto'
import { expect, test } from 'vitest'
import { clientsOf } from '../../core/home/records.ts'
import { stateOf } from '../../core/queue/snapshot.ts'
import { decodeStateRecord, type StateEntry } from './state-record.ts'

const number = (epoch: number, counter: number) => ({ epoch, counter })
const group = '$share/g/a/+'
const clientId = 'dev'

const subscription: state.Subscription = {
  filter: 'a/+',
  qos: 2,
  noLocal: true,
  retainAsPublished: true,
  retainHandling: 1,
  identifier: 9,
  starts: [
    { queue: 1, position: -1 },
    { queue: 2, position: 300 },
  ],
}
const session: state.Session = {
  clientId,
  incarnation: number(3, 4),
  connection: number(5, 6),
  expirySeconds: 60,
  subscriptions: [subscription],
  disconnectedAtMs: 1_700_000_000_000,
  proxy: 11,
  principal: 'who',
  attempt: 2,
}
const cursor: state.Cursor = {
  progress: [{ queue: 1, low: 300, settled: [{ first: 302, last: 304 }] }],
  inFlight: [{ packetId: 8, queue: 1, position: 301, phase: 1, qos: 1, group: '' }],
}
const journalEntry: state.JournalEntry = { packetId: 9, queue: 2, position: 77, phase: 2, qos: 2, group }
const will = {
  clientId,
  connection: number(5, 6),
  proxy: 11,
  delaySeconds: 30,
  topic: 'w',
  payload: Buffer.from('gone'),
  envelope: expect.objectContaining({ clientId, qos: 1, retain: true }),
  dueAtMs: 1_700_000_000_001,
  attempt: 2,
}
const snapshotPart: state.SnapshotPart = {
  position: 90,
  part: 0,
  closing: true,
  parts: 1,
  producers: [
    { producer: 11, producerName: '', sequence: 21, ended: true, refused: [{ sequence: 20, reasonCode: 0x97 }] },
    { producer: 0, producerName: 'reroute/1', sequence: 8, ended: false, refused: [] },
  ],
  connections: [{ clientId, connection: number(5, 6) }],
  openExchanges: [{ clientId, key: { session: number(3, 4), packetId: 6 }, position: 88 }],
  voidPositions: [85],
  voidReasons: [],
  retainedThrough: 90,
  groups: [],
  wills: [{ clientId, connection: number(5, 5), position: 80 }],
  settledThrough: 10,
  foreignBehind: 4,
  publishers: [],
  publishersSinceMs: 0,
}

const stored: [key: string, base64: string, entry: unknown][] = [
  ['epoch/40', 'EGVwb2NoLzQwDAgoEgIIDAIKZmVuY2UINDAuNw==', { $case: 'epochStart', value: { broker: 12 } }],
  [
    'session/dev',
    'FnNlc3Npb24vZGV2nAEIKBpKCgNkZXYSBAgDEAQaBAgFEAYgPColCgNhLysQAhgBIAEoATAJOg0IARD///////////8BOgUIAhCsAjCA0JX/vDE4C0IDd2hvSAICCmZlbmNlCDQwLjc=',
    { $case: 'session', value: session },
  ],
  [
    'cursor/dev',
    'FGN1cnNvci9kZXZACCgiHAoNCAEQrAIaBgiuAhCwAhILCAgQARitAiABKAECCmZlbmNlCDQwLjc=',
    { $case: 'cursor', value: cursor },
  ],
  [
    'journal/dev/9',
    'GmpvdXJuYWwvZGV2Lzk4CCgqGAgJEAIYTSACKAIyDCRzaGFyZS9nL2EvKwIKZmVuY2UINDAuNw==',
    { $case: 'journalEntry', value: journalEntry },
  ],
  [
    'will/dev',
    'EHdpbGwvZGV2YAgoMiwKA2RldhIECAUQBhgLIB4qAXcyBGdvbmU6CQoDZGV2EAEYAUCB0JX/vDFIAgIKZmVuY2UINDAuNw==',
    { $case: 'will', value: will },
  ],
  [
    'overtaken/dev',
    'Gm92ZXJ0YWtlbi9kZXYgCChSDAoKCAsQAxoECAUQBwIKZmVuY2UINDAuNw==',
    { $case: 'overtaken', value: { connects: [{ proxy: 11, attempt: 3, connection: number(5, 7) }] } },
  ],
  [
    'retained/a/b',
    'GHJldGFpbmVkL2EvYjAIKDoUCgNhL2IQBRiC0JX/vDEiBGJvZHkCCmZlbmNlCDQwLjc=',
    {
      $case: 'retained',
      value: { topic: 'a/b', position: 5, appendTimeMs: 1_700_000_000_002, body: Buffer.from('body') },
    },
  ],
  [
    'snapshot/a/0',
    'GHNuYXBzaG90L2EvMMABCChCXAhaGAEgASoNCAsYFSABKgUIFBCXASoNEglyZXJvdXRlLzEYCDILCgNkZXYSBAgFEAY6EQoDZGV2EggKBAgDEAQQBhhYQgFVSFpaDQoDZGV2EgQIBRAFGFBgCmgEAgpmZW5jZQg0MC43',
    { $case: 'snapshotPart', value: snapshotPart },
  ],
  [
    `group/${group}`,
    'JGdyb3VwLyRzaGFyZS9nL2EvK3QIKEo2Cgwkc2hhcmUvZy9hLysSDQoDZGV2EgQIAxAEGAIaBAgCEEYgg9CV/7wxKgoIAhBLGgQITRBOAgpmZW5jZQg0MC43',
    {
      $case: 'group',
      value: {
        group,
        members: [{ clientId, session: number(3, 4), qos: 2 }],
        starts: [{ queue: 2, position: 70 }],
        emptySinceMs: 1_700_000_000_003,
        progress: { queue: 2, low: 75, settled: [{ first: 77, last: 78 }] },
      },
    },
  ],
  [
    `taken/${group}/77`,
    'KnRha2VuLyRzaGFyZS9nL2EvKy83N0YIKFofCgwkc2hhcmUvZy9hLysQTRoDZGV2IgQIAxAEKAswAQIKZmVuY2UINDAuNw==',
    { $case: 'taken', value: { group, position: 77, clientId, session: number(3, 4), proxy: 11, done: true } },
  ],
  ['journal/dev/10', 'HGpvdXJuYWwvZGV2LzEwAQIKZmVuY2UINDAuNw==', undefined],
]
const decoded = stored.map(([, base64]) => decodeStateRecord(Buffer.from(base64, 'base64')))

test.each(stored)('the record %s is read as it was written', (key, base64, value) => {
  expect(decodeStateRecord(Buffer.from(base64, 'base64'))).toEqual({ key, fence: { epoch: 40, number: 7 }, value })
})

test('a home and a queue begin with what such records say', () => {
  const entries = decoded.flatMap((record): [string, StateEntry][] =>
    record?.value === undefined ? [] : [[record.key, record.value]],
  )
  const client = clientsOf(entries).get(clientId)
  expect(client?.session).toMatchObject({ incarnation: number(3, 4), connection: number(5, 6), durable: true })
  expect(client).toMatchObject({ cursor, journal: new Map([[9, journalEntry]]), will: { dueAtMs: will.dueAtMs } })
  expect(client?.overtaken).toEqual([{ proxy: 11, attempt: 3, connection: number(5, 7) }])
  const queue = stateOf([snapshotPart])
  expect(queue).toMatchObject({ next: 91, settledThrough: 10, movedBelow: 87 })
  expect(queue?.producers.get('reroute/1')).toEqual({ sequence: 8, ended: false })
})
