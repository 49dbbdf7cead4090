import { Reader } from './reader.ts'
import { Writer } from './writer.ts'

export type UserProperty = Readonly<{ name: string; value: string }>

/** Those of MQTT 5 (2.2.2) that the page shows or sets. */
export type Properties = {
  contentType?: string
  responseTopic?: string
  messageExpirySeconds?: number
  sessionExpirySeconds?: number
  receiveMaximum?: number
  assignedClientId?: string
  serverKeepAlive?: number
  topicAlias?: number
  reasonString?: string
  subscriptionIdentifier?: number
  userProperties?: UserProperty[]
}

type Field = 'byte' | 'word' | 'long' | 'variable' | 'text' | 'binary'

const fields: Readonly<Record<number, readonly [Field, (keyof Properties)?]>> = {
  1: ['byte'],
  2: ['long', 'messageExpirySeconds'],
  3: ['text', 'contentType'],
  8: ['text', 'responseTopic'],
  9: ['binary'],
  11: ['variable', 'subscriptionIdentifier'],
  17: ['long', 'sessionExpirySeconds'],
  18: ['text', 'assignedClientId'],
  19: ['word', 'serverKeepAlive'],
  21: ['text'],
  22: ['binary'],
  23: ['byte'],
  24: ['long'],
  25: ['byte'],
  26: ['text'],
  28: ['text'],
  31: ['text', 'reasonString'],
  33: ['word', 'receiveMaximum'],
  34: ['word'],
  35: ['word', 'topicAlias'],
  36: ['byte'],
  37: ['byte'],
  39: ['long'],
  40: ['byte'],
  41: ['byte'],
  42: ['byte'],
}

const userProperty = 38

export function readProperties(reader: Reader): Properties {
  const inner = new Reader(reader.take(reader.variable()))
  const found: Record<string, unknown> = {}
  const userProperties: UserProperty[] = []
  while (inner.left > 0) {
    const id = inner.variable()
    if (id === userProperty) {
      userProperties.push({ name: inner.text(), value: inner.text() })
      continue
    }
    const [kind, name] = fields[id] ?? []
    if (kind === undefined) throw new Error(`property ${id} is not known`)
    const value = inner[kind]()
    if (name !== undefined) found[name] = value
  }
  return { ...found, ...(userProperties.length > 0 ? { userProperties } : {}) }
}

export function writeProperties(writer: Writer, { userProperties = [], ...others }: Properties): Writer {
  const inner = new Writer()
  for (const [id, [kind, name]] of Object.entries(fields)) {
    const value = name === undefined ? undefined : (others as Record<string, unknown>)[name]
    if (value === undefined) continue
    inner.variable(Number(id))
    if (kind === 'text') inner.text(String(value))
    else if (kind !== 'binary') inner[kind](Number(value))
  }
  for (const { name, value } of userProperties) inner.variable(userProperty).text(name).text(value)
  return writer.counted(inner)
}
