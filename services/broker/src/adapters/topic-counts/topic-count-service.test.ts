import { envelope } from '@tern/proto'
import { encodeBatch, encodeBody, encodeEnvelope } from '@tern/record'
import { expect, test } from 'vitest'
import { region } from '../link/link.fixture.ts'
import { levelPart, searchPart } from './topic-count-service.ts'

let sequence = 0

function record(topic: string, retain = false): Buffer {
  const fields = { clientId: 'c', producer: 7, sequence: ++sequence, retain }
  const header = encodeEnvelope(envelope.Envelope.create(fields))
  return encodeBody(Buffer.from(topic), Buffer.from('payload'), [['tern', header]])
}

test('an owner counts what it dispatches, marks what is retained, and void records count for nothing', async () => {
  const { log, broker } = await region()
  const { own, ownership } = broker(10)
  await own([0], 5)
  const again = record('fleet/car-1/gps')
  const batch = encodeBatch([again, record('fleet/car-1/state', true), record('fleet/car-2/gps'), again])
  await log.append('tern.messages', 0, batch)
  await ownership.compareNow([0])
  const runner = ownership.get(0)
  runner?.keep()
  const now = Date.now()
  const part = levelPart(runner, 0, { path: 'fleet/car-1', withoutChildren: false }, now)
  expect(part).toMatchObject({
    queue: 0,
    notOwner: false,
    approximate: false,
    level: { messages: 2, leaves: 2, branches: 0 },
  })
  expect(
    part.children.map(({ name, messages, isTopic, retained, lastPosition }) => [
      name,
      messages,
      isTopic,
      retained,
      lastPosition,
    ]),
  ).toEqual([
    ['gps', 1, true, false, 0],
    ['state', 1, true, true, 1],
  ])
  expect(part.level?.messagesPerSecond).toBeGreaterThan(0)
  expect(levelPart(runner, 0, { path: 'fleet', withoutChildren: true }, now)).toMatchObject({
    level: { messages: 3, leaves: 0, branches: 2 },
    children: [],
  })
  expect(levelPart(runner, 0, { path: 'nowhere', withoutChildren: false }, now).level).toBeUndefined()
  expect(levelPart(undefined, 3, { path: '', withoutChildren: false }, now)).toMatchObject({ queue: 3, notOwner: true })
  const found = searchPart(runner, 0, { text: 'GPS', topicsMax: 10 }, now)
  expect(found.topics.map(({ name }) => name).sort()).toEqual(['fleet/car-1/gps', 'fleet/car-2/gps'])
})
