import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Command, Invocation } from '../command.ts'
import { wrongUse } from '../failure.ts'
import { milliseconds } from '../output/time.ts'
import { userProperties } from './shared.ts'

const levels = ['AT_MOST_ONCE', 'AT_LEAST_ONCE', 'EXACTLY_ONCE']

export const pub: Command = {
  name: 'pub',
  summary: 'publish one message, and say where it is stored',
  operands: 'TOPIC',
  options: {
    message: { short: 'm', value: 'TEXT', help: 'the payload' },
    file: { short: 'f', value: 'FILE', help: 'the payload, from a file; - for standard input' },
    qos: { short: 'q', value: '0|1|2', help: 'quality of service', default: '1' },
    retain: { short: 'r', help: 'keep it as the retained message of the topic' },
    property: { value: 'NAME=VALUE', help: 'a user property', many: true },
    'content-type': { value: 'TYPE', help: 'MQTT 5 content type' },
    expiry: { value: 'SECONDS', help: 'nobody gets it later than so' },
    'client-id': { value: 'ID', help: 'publish as this client' },
  },
  examples: ['tern pub demo/hello -m hi', 'echo 21.5 | tern pub sensors/1/temperature -f -'],
  async run(given) {
    const { operands, option, has, api, out } = given
    const qos = levels[Number(option('qos'))]
    if (qos === undefined) throw wrongUse(`-q is "${option('qos')}"`, 'give 0, 1 or 2')
    const message = {
      topic: operands[0],
      payload: payloadOf(given).toString('base64'),
      qos: `QUALITY_OF_SERVICE_${qos}`,
      retain: has('retain'),
      userProperties: userProperties(given.options('property')),
      ...(option('content-type') && { contentType: option('content-type') }),
      ...(option('expiry') && { expiry: `${option('expiry')}s` }),
    }
    const began = performance.now()
    const request = { messages: [message], requestId: randomUUID(), clientId: option('client-id') ?? '' }
    const { results } = await api.call('MessagingService/Publish', request)
    const { receipt } = results[0]
    const { messageId, position } = receipt
    out.thing(receipt, [
      `stored ${messageId}  queue ${position?.queue ?? 0} offset ${position?.offset ?? 0}  ${milliseconds(performance.now() - began)}`,
    ])
  },
}

function payloadOf({ option }: Invocation): Buffer {
  const [message, file] = [option('message'), option('file')]
  if (message !== undefined && file !== undefined) throw wrongUse('there are two payloads', 'give -m or -f')
  if (file === undefined) return Buffer.from(message ?? '')
  try {
    return readFileSync(file === '-' ? 0 : file)
  } catch (error) {
    throw wrongUse(`${file} cannot be read: ${(error as Error).message}`, 'give a file, or - for standard input')
  }
}
