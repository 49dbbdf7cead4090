import type { Clock } from '@tern/runtime'
import type { Log } from '../log.ts'

export function connectEmbeddedLog(_address: string, _options: { clock?: Clock } = {}): Log {
  throw new Error('not yet')
}
