import { connect } from 'node:http2'
import type { Server } from './double.ts'

/** The API at an address: HTTP/1.1 and HTTP/2 with prior knowledge, as the data source dials it. */
export function overNetwork(address: string): Server {
  return {
    async get(target, headers) {
      const response = await fetch(`http://${address}${target}`, { headers })
      const contentType = response.headers.get('content-type') ?? ''
      return { status: response.status, body: Buffer.from(await response.arrayBuffer()), contentType }
    },
    stream: (call, request) => streamed(address, call, request),
  }
}

/** One call of gRPC, framed by hand: the client of this project is not what Grafana has. */
async function* streamed(address: string, call: string, request: Uint8Array): AsyncGenerator<Uint8Array> {
  const session = connect(`http://${address}`)
  try {
    const path = `/tempopb.StreamingQuerier/${call}`
    const stream = session.request({
      ':method': 'POST',
      ':path': path,
      'content-type': 'application/grpc',
      te: 'trailers',
    })
    let status: string | undefined
    let words = ''
    for (const event of ['response', 'trailers']) {
      stream.on(event, (headers: Record<string, string>) => {
        status = headers['grpc-status'] ?? status
        words = headers['grpc-message'] ?? words
      })
    }
    const prefix = Buffer.alloc(5)
    prefix.writeUInt32BE(request.length, 1)
    stream.end(Buffer.concat([prefix, request]))
    let read: Buffer = Buffer.alloc(0)
    for await (const chunk of stream) {
      read = Buffer.concat([read, chunk as Buffer])
      while (read.length >= 5 && read.length >= 5 + read.readUInt32BE(1)) {
        const end = 5 + read.readUInt32BE(1)
        yield read.subarray(5, end)
        read = read.subarray(end)
      }
    }
    if (status !== '0') throw new Error(`${status}: ${decodeURIComponent(words)}`)
  } finally {
    session.close()
  }
}
