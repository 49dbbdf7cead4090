import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ConsoleConfig, createConsole } from '@tern/console'
import { silentLogger, systemClock } from '@tern/runtime'
import { type FakeApi, startFakeApi } from './fake-api.ts'
import { type FakeSupervisor, startFakeSupervisor } from './fake-supervisor.ts'

export type FakeConsole = Readonly<{
  url: string
  password: string
  api: FakeApi
  supervisor: FakeSupervisor
  folder: string
  close(): void
}>

/** The console as it is, before a region that is not there. */
export async function startFakeConsole(
  options: Readonly<{ port?: number }> & Partial<ConsoleConfig> = {},
): Promise<FakeConsole> {
  const { port = 0, ...config } = options
  const api = await startFakeApi()
  const supervisor = await startFakeSupervisor(api.region)
  const folder = mkdtempSync(join(tmpdir(), 'tern-console-'))
  const password = 'correct horse battery'
  const made = createConsole(
    {
      ...{ zone: 'az-a', listen: `127.0.0.1:${port}`, proxies: [api.address], nameservers: [], nonce: () => 'nonce' },
      ...{ folder, password, publicOrigin: '', environment: 'dev', devControl: supervisor.address, version: '0.1.0' },
      site: join(import.meta.dirname, '../../../services/console/web/dist'),
      ...config,
    },
    { clock: systemClock, logger: silentLogger },
  )
  await made.start()
  return {
    ...{ url: `http://${made.address()}`, password, api, supervisor, folder },
    close() {
      made.stop()
      supervisor.close()
      api.close()
      rmSync(folder, { recursive: true })
    },
  }
}
