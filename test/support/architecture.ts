export type SourceFile = Readonly<{ path: string; text: string }>

const linesMax = 400
const services = ['proxy', 'broker', 'nameserver', 'trace', 'console']
const isTest = (path: string) => /\.(test|contract)\.ts$/.test(path) || /^(test|bench|tools)\//.test(path)

/** One owner for each third-party package: to replace it is then a change of one folder. */
const owners: Readonly<Record<string, RegExp>> = {
  'mqtt-packet': /^libs\/mqtt\/src\/codec\.ts$/,
  lmdb: /^libs\/log\/src\/embedded\//,
  kafkajs: /^libs\/log\/src\/kafka\//,
  '@platformatic/kafka': /^libs\/log\/src\/kafka\//,
  '@grpc/grpc-js': /^libs\/rpc\/src\//,
  '@bufbuild/protobuf': /^libs\/(proto|api)\/src\//,
  re2js: /^services\/trace\/src\/core\/traceql\/pattern\.ts$/,
  '@opentelemetry/api': /^libs\/(telemetry\/src\/node\/otel\/|client\/src\/trace-context\.ts$)/,
  '@opentelemetry/exporter-metrics-otlp-grpc': /^libs\/telemetry\/src\/node\/otel\//,
  '@opentelemetry/exporter-metrics-otlp-proto': /^libs\/telemetry\/src\/node\/otel\//,
  '@opentelemetry/exporter-trace-otlp-grpc': /^libs\/telemetry\/src\/node\/otel\//,
  '@opentelemetry/exporter-trace-otlp-proto': /^libs\/telemetry\/src\/node\/otel\//,
  '@opentelemetry/resources': /^libs\/telemetry\/src\/node\/otel\//,
  '@opentelemetry/sdk-metrics': /^libs\/telemetry\/src\/node\/otel\//,
  '@opentelemetry/sdk-trace': /^libs\/telemetry\/src\/node\/otel\//,
  ws: /^services\/(proxy|console)\/src\/adapters\//,
  ...ownedBy(/^services\/console\/web\//, [
    ...['react', 'react/jsx-runtime', 'react-dom', 'react-dom/client', 'uplot', 'vite', '@vitejs/plugin-react'],
    ...['@tanstack/react-query', '@tanstack/react-router', '@tanstack/react-virtual'],
  ]),
}

function ownedBy(owner: RegExp, names: readonly string[]): Record<string, RegExp> {
  return Object.fromEntries(names.map((name) => [name, owner]))
}

const barredFromCore =
  /^(node:|@grpc\/|kafkajs|@opentelemetry\/|@tern\/(rpc|log|runtime|telemetry\/node)$)|\/adapters\//
const importPattern = /\b(?:import|export)\b(?:[^'"`;]*?\bfrom)?\s*\(?\s*['"]([^'"\n]+)['"]/g

/** Of libs/runtime the core may use types, and functions that have nothing of their own: a clock is an argument of `pause`. */
const pureOfRuntime = /^(type\s+\w+|pause|unreachable)$/

type Import = Readonly<{ name: string; pure: boolean }>

/** What a file imports, re-exports, or loads at run time. `pure`: brings in nothing that could act. */
function importsOf(text: string): Import[] {
  return [...text.matchAll(importPattern)].map(([statement, name = '']) => {
    const members = /\{([^}]*)\}/.exec(statement)?.[1]?.split(',') ?? ['*']
    const typesOnly = /^(import|export)\s+type\b/.test(statement)
    const used = members.map((member) => member.trim()).filter((member) => member !== '')
    return { name, pure: typesOnly || used.every((member) => pureOfRuntime.test(member)) }
  })
}

/** Every rule that the file breaks, in words that name the file and what it did. */
export function brokenRules({ path, text }: SourceFile): string[] {
  const lines = text.split('\n').length - (text.endsWith('\n') ? 1 : 0)
  const tooLong = lines > linesMax ? [`${path} has ${lines} lines; split it (at most ${linesMax})`] : []
  const imports = importsOf(text).flatMap((each) => brokenImport(path, each) ?? [])
  return [...tooLong, ...imports]
}

function brokenImport(path: string, { name, pure }: Import): string | undefined {
  if (isTest(path)) return undefined
  const service = serviceOf(path, name)
  if (path.startsWith('libs/') && service) return `${path} imports ${name}: a library never imports a service`
  if (service && !path.startsWith(`services/${service}/`)) {
    return `${path} imports ${name}: services meet in proto/, never in code`
  }
  if (/\/src\/core\//.test(path) && barredFromCore.test(name) && !(pure && name === '@tern/runtime')) {
    return `${path} imports ${name}: the core is pure, it decides and the adapters act`
  }
  const beyond = beyondThePages(path, name)
  if (beyond !== undefined)
    return `${path} imports ${beyond}: pages of the console speak to it over HTTP, and stand alone`
  const owner = owners[name]
  if (owner && !owner.test(path)) return `${path} imports ${name}: only ${owner.source} may`
  if (/^@tern\/[^/]+\//.test(name) && !/^@tern\/([^/]+\/testing|telemetry\/node)$/.test(name)) {
    return `${path} imports ${name}: a package has one door, its src/index.ts`
  }
  if (/(^|\/)main\.ts$/.test(name)) return `${path} imports ${name}: nobody imports a main.ts`
  return undefined
}

/** What a page imports from outside of web/: it runs in a browser, where none of it is. */
function beyondThePages(path: string, name: string): string | undefined {
  if (!path.startsWith('services/console/web/')) return undefined
  if (name.startsWith('@tern/')) return name
  const led = name.startsWith('.') ? pathOf(path, name) : path
  return led.startsWith('services/console/web/') ? undefined : led
}

/** The service that an import leads to, by package name or by path. */
function serviceOf(path: string, name: string): string | undefined {
  const packaged = /^@tern\/([^/]+)/.exec(name)?.[1]
  if (packaged) return services.includes(packaged) ? packaged : undefined
  if (!name.startsWith('.')) return undefined
  const [first, second] = pathOf(path, name).split('/')
  return first === 'services' ? second : undefined
}

function pathOf(path: string, name: string): string {
  const folders = path.split('/').slice(0, -1)
  for (const part of name.split('/')) {
    if (part === '..') folders.pop()
    else if (part !== '.') folders.push(part)
  }
  return folders.join('/')
}
