import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const folder = join(import.meta.dirname, '../../../../infra/grafana')

type Target = Readonly<{ datasource: { uid: string }; expr?: string; query?: string; queryType?: string }>
export type Panel = Readonly<{ id: number; title: string; type: string; targets?: readonly Target[] }>
export type Dashboard = Readonly<{ uid: string; title: string; panels: readonly Panel[] }>

/** What is provisioned into Grafana. */
export const dashboards: readonly Dashboard[] = globSync('dashboards/*.json', { cwd: folder }).map((file) =>
  JSON.parse(readFileSync(join(folder, file), 'utf8')),
)

export const grafanaFile = (path: string): string => readFileSync(join(folder, path), 'utf8')

const targets = dashboards.flatMap(({ panels }) => panels.flatMap((panel) => panel.targets ?? []))

/** With what Grafana puts in place of its variables. */
export const promQueries: readonly string[] = targets.flatMap(({ expr }) =>
  expr === undefined ? [] : [expr.replaceAll('$__rate_interval', '5m')],
)
export const traceQueries: readonly string[] = targets.flatMap(({ query }) =>
  query === undefined ? [] : [query.replaceAll(/\$\w+/g, '.*')],
)
export const dataSourceUids: readonly string[] = targets.map(({ datasource }) => datasource.uid)
