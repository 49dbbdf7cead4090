// Loaded into a zone before its own program: counts what it sends to Kafka, for whoever connects to its socket.
import { subscribe } from 'node:diagnostics_channel'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { type ProduceRequestSignal, produceRequestSignal } from '@tern/log'
import { folderVariable } from '../../tools/region/leftovers.ts'

const counted = { requests: 0, batches: 0, records: 0 }
subscribe(produceRequestSignal, (message) => {
  const { batches, records } = message as ProduceRequestSignal
  counted.requests++
  counted.batches += batches
  counted.records += records
})
createServer((socket) => socket.end(JSON.stringify(counted)))
  .listen(join(process.env[folderVariable] ?? '', 'run', `produced-${process.pid}`))
  .unref()
