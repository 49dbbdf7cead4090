import { errorDetails } from '@tern/proto'
import { errorDomain } from './api-error.ts'

type Said = Readonly<{ status: string; code: string; reason: string; message: string }>

const said: Readonly<Record<string, Said>> = {
  HPE_HEADER_OVERFLOW: {
    status: '431 Request Header Fields Too Large',
    code: 'resource_exhausted',
    reason: 'METADATA_TOO_LARGE',
    message: 'the headers are too long',
  },
  ERR_HTTP_REQUEST_TIMEOUT: {
    status: '408 Request Timeout',
    code: 'deadline_exceeded',
    reason: 'REQUEST_INCOMPLETE',
    message: 'the request did not end in time',
  },
}
const noHttp: Said = {
  status: '400 Bad Request',
  code: 'invalid_argument',
  reason: 'MESSAGE_MALFORMED',
  message: 'what was sent cannot be read as HTTP/1.1',
}

/** The whole answer to what Node's parser could not read; the connection is closed with it. */
export function unreadable(parserCode: string | undefined): string {
  const { status, code, reason, message } = said[parserCode ?? ''] ?? noHttp
  const debug = { reason, domain: errorDomain, metadata: {} }
  const value = Buffer.from(errorDetails.ErrorInfo.encode(debug).finish()).toString('base64')
  const body = JSON.stringify({ code, message, details: [{ type: 'google.rpc.ErrorInfo', value, debug }] })
  const head = ['connection: close', 'content-type: application/json', `content-length: ${body.length}`]
  return `HTTP/1.1 ${status}\r\n${head.join('\r\n')}\r\n\r\n${body}`
}
