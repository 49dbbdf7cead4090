import { matches } from '@tern/mqtt'
import type { scan } from '@tern/proto'
import { envelopeOf, readBody } from '@tern/record'

/** A record as whoever looks into the log sees it: one with a topic, and what the order of the log made of it. */
export type JudgedRecord = Readonly<{ position: number; timeMs: number; topic: string; body: Buffer; isVoid: boolean }>

type Test = (record: JudgedRecord) => boolean

/** What holds for a record that is asked for: the cheap tests first, and an envelope is taken apart only for what passed them. */
export function wantedBy(conditions: scan.ScanConditions): Test {
  const { filter, fromTimeMs, untilTimeMs, payloadContains, includeVoid } = conditions
  const tests: Test[] = []
  if (!includeVoid) tests.push(({ isVoid }) => !isVoid)
  if (fromTimeMs > 0) tests.push(({ timeMs }) => timeMs >= fromTimeMs)
  if (untilTimeMs > 0) tests.push(({ timeMs }) => timeMs < untilTimeMs)
  if (filter !== '') tests.push(({ topic }) => matches(filter, topic))
  if (payloadContains.length > 0) tests.push(payloadTest(payloadContains))
  const texts = textsOf(conditions)
  // Most records are told apart by their bytes, at a hundredth of what an envelope costs.
  for (const text of texts) tests.push(({ body }) => body.includes(text))
  if (texts.length > 0) tests.push(({ body }) => envelopeFits(body, conditions))
  return (record) => tests.every((holds) => holds(record))
}

function payloadTest(part: Uint8Array): Test {
  const wanted = Buffer.from(part)
  return ({ body }) => {
    if (!body.includes(wanted)) return false
    return readBody(body, 0, body.length).value?.includes(wanted) ?? false
  }
}

const textsOf = ({ publisherClientId, userProperties }: scan.ScanConditions): Buffer[] =>
  [publisherClientId, ...userProperties.flatMap(({ name, value }) => [name, value])]
    .filter((text) => text !== '')
    .map((text) => Buffer.from(text))

function envelopeFits(body: Buffer, { publisherClientId, userProperties }: scan.ScanConditions): boolean {
  const envelope = envelopeOf(body)
  if (envelope === undefined) return false
  if (publisherClientId !== '' && envelope.clientId !== publisherClientId) return false
  return userProperties.every((wanted) =>
    envelope.userProperties.some(({ name, value }) => name === wanted.name && value === wanted.value),
  )
}
