import { envelope } from '@tern/proto'
import { encodeMessage } from '@tern/record'
import type { QueueRunner } from './queue-runner.ts'

/** Appends a record that is no message. `answer` is called once it is on the log, or known to say nothing new. */
export function appendMarker(runner: QueueRunner, fields: Partial<envelope.Envelope>, answer: () => void): void {
  const record = envelope.Envelope.create(fields)
  runner.append({ record, body: encodeMessage(null, null, record), answer })
}
