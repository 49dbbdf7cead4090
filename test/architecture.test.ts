import { globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { brokenRules, type SourceFile } from './support/architecture.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const ours = [
  'libs/*/src/**/*.ts',
  'services/*/src/**/*.ts',
  'services/*/web/**/*.{ts,tsx}',
  'test/**/*.ts',
  'tools/**/*.ts',
  'bench/**/*.ts',
]
const files: SourceFile[] = globSync(ours, { cwd: root })
  .map((path) => path.replaceAll('\\', '/'))
  .filter((path) => !path.includes('/gen/') && !path.includes('/dist/') && !path.includes('node_modules'))
  .map((path) => ({ path, text: readFileSync(`${root}${path}`, 'utf8') }))

test('the tree keeps its dependency rules, and every file its limit of 400 lines', () => {
  // A check that looks at nothing also finds nothing.
  expect(files.length).toBeGreaterThan(40)
  expect(files.flatMap(brokenRules)).toEqual([])
})

const core = 'services/broker/src/core/queue.ts'
const faults: [name: string, file: SourceFile, named: string][] = [
  [
    'a service that imports another',
    { path: 'services/proxy/src/proxy.ts', text: "import { x } from '@tern/broker'" },
    '@tern/broker',
  ],
  [
    'a service that reaches into another by path',
    { path: 'services/proxy/src/proxy.ts', text: "import { x } from '../../broker/src/x.ts'" },
    'broker',
  ],
  [
    'a library that imports a service',
    { path: 'libs/log/src/log.ts', text: "import type { X } from '@tern/proxy'" },
    '@tern/proxy',
  ],
  ['a core that imports node:', { path: core, text: "import { readFileSync } from 'node:fs'" }, 'node:fs'],
  ['a core that imports an adapter', { path: core, text: "import { y } from '../adapters/y.ts'" }, 'adapters'],
  ['a core that imports the transport', { path: core, text: "import { dialStream } from '@tern/rpc'" }, '@tern/rpc'],
  [
    'a core that reads the clock of the runtime',
    { path: core, text: "import { systemClock, unreachable } from '@tern/runtime'" },
    '@tern/runtime',
  ],
  ['a core that imports a module at run time', { path: core, text: "const k = await import('kafkajs')" }, 'kafkajs'],
  [
    'mqtt-packet outside the codec',
    { path: 'services/proxy/src/x.ts', text: "import p from 'mqtt-packet'" },
    'mqtt-packet',
  ],
  ['lmdb outside the embedded log', { path: 'libs/log/src/memory/x.ts', text: "import { open } from 'lmdb'" }, 'lmdb'],
  [
    'gRPC outside libs/rpc',
    { path: 'libs/routing/src/x.ts', text: "import {\n  Client,\n} from '@grpc/grpc-js'" },
    '@grpc/grpc-js',
  ],
  [
    'ws outside the adapters of proxy and console',
    { path: 'services/proxy/src/proxy.ts', text: "import { WebSocket } from 'ws'" },
    'ws',
  ],
  [
    'patterns of RE2 outside the one file that has them',
    { path: 'services/trace/src/core/traceql/parse.ts', text: "import { RE2JS } from 're2js'" },
    're2js',
  ],
  [
    'React outside the pages of the console',
    { path: 'services/console/src/console.ts', text: "import { useState } from 'react'" },
    'react',
  ],
  [
    'pages that reach the server of the console by path',
    { path: 'services/console/web/src/lib/x.ts', text: "import { History } from '../../../src/core/history.ts'" },
    'services/console/src',
  ],
  [
    'pages that import another package of ours',
    { path: 'services/console/web/src/lib/x.ts', text: "import { region } from '@tern/proto'" },
    '@tern/proto',
  ],
  [
    'a door of a package other than its index',
    { path: 'services/proxy/src/x.ts', text: "export { x } from '@tern/log/src/log.ts'" },
    '@tern/log/src',
  ],
  ['an import of a main.ts', { path: 'services/proxy/src/x.ts', text: "import './main.ts'" }, 'main.ts'],
  ['a file over 400 lines', { path: 'libs/log/src/log.ts', text: 'x\n'.repeat(401) }, '401 lines'],
]

test.each(faults)('%s is named', (_name, file, named) => {
  const found = brokenRules(file)
  expect(found).toHaveLength(1)
  expect(found[0]).toContain(file.path)
  expect(found[0]).toContain(named)
})

const allowed: SourceFile[] = [
  {
    path: core,
    text: "import { topic } from '@tern/mqtt'\nimport { partitionOf } from '@tern/routing'\nimport { y } from './y.ts'",
  },
  { path: 'services/broker/src/core/queue.test.ts', text: "import { readFileSync } from 'node:fs'" },
  { path: core, text: "import { type Millis, pause, unreachable } from '@tern/runtime'" },
  { path: 'libs/mqtt/src/codec.ts', text: "import p from 'mqtt-packet'" },
  { path: 'libs/log/src/embedded/store.ts', text: "import { open } from 'lmdb'" },
  { path: 'services/proxy/src/adapters/websocket.ts', text: "import { WebSocketServer } from 'ws'" },
  {
    path: 'services/console/web/src/main.tsx',
    text: "import { useState } from 'react'\nimport { x } from './lib/x.ts'",
  },
  { path: 'services/console/src/adapters/tab-sockets.ts', text: "import { WebSocketServer } from 'ws'" },
  { path: 'tools/region/zone.ts', text: "import { createBroker } from '@tern/broker'" },
]

test.each(allowed)('$path may import what it does', (file) => {
  expect(brokenRules(file)).toEqual([])
})
