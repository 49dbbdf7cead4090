import type { Json } from '../api.ts'
import type { Command } from '../command.ts'
import { wrongUse } from '../failure.ts'

export const apiCall: Command = {
  name: 'api',
  summary: 'any call of the API: JSON in, JSON out',
  operands: 'SERVICE/METHOD [JSON]',
  options: { stream: { help: 'a server-streaming call: a line for each response' } },
  examples: ['tern api ClusterService/GetServerInfo', `tern api MessagingService/GetMessage '{"messageId":"7-1042"}'`],
  async run({ operands: [method = '', text = '{}'], has, api, signal }) {
    let request: Json
    try {
      request = JSON.parse(text)
    } catch (error) {
      throw wrongUse(`the request is no JSON: ${(error as Error).message}`, `tern api ${method} '{"name": "value"}'`)
    }
    const print = (value: Json, indent?: number) => process.stdout.write(`${JSON.stringify(value, null, indent)}\n`)
    if (!has('stream')) print(await api.call(method, request), 2)
    else for await (const response of api.stream(method, request, signal)) print(response)
  },
}
