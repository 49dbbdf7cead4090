import { tempopb } from '@tern/proto'
import type { Tempo } from '../../adapters/tempo/tempo.ts'
import type { Server } from './double.ts'

/** The API without a network: what a path answers, and a stream as bytes. */
export function inProcess(tempo: Tempo): Server {
  const never = new AbortController().signal
  return {
    async get(target, headers) {
      const [path = '', search = ''] = target.split('?')
      const request = { method: 'GET', path, query: new URLSearchParams(search), accept: headers['accept'] ?? '' }
      const { status, body, contentType } = await tempo.answer(request, never)
      return { status, body: Buffer.from(body as Uint8Array), contentType }
    },
    async *stream(call, bytes) {
      if (call !== 'Search') throw new Error(`the data source does not call ${call}`)
      for await (const message of tempo.streams.search(tempopb.SearchRequest.decode(bytes), never)) {
        yield tempopb.SearchResponse.encode(message).finish()
      }
    },
  }
}
