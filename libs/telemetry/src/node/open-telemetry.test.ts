import { silentLogger, systemClock } from '@tern/runtime'
import { expect, test, vi } from 'vitest'
import { openTelemetry } from './open-telemetry.ts'

vi.mock('./otel/exporting.ts', () => {
  throw new Error('the SDK was loaded')
})

const ports = { clock: systemClock, logger: silentLogger }

test('the SDK is not loaded where no collector is named', async () => {
  const exporting = await openTelemetry({ ...ports, env: {} })
  const span = exporting.tracerOf({ service: 'proxy', zone: 'az-a', instance: 'one' }).start('drain')
  expect([span.fields, span.context, exporting.metrics]).toEqual([{}, undefined, []])
  span.child('part').end(new Error('nobody is told'))
  await exporting.stop()
})

test('it is where one is', async () => {
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318' }
  await expect(openTelemetry({ ...ports, env })).rejects.toThrow()
})
