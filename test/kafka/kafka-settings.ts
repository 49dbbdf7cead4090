import { randomUUID } from 'node:crypto'
import { readSettings } from '@tern/config'
import { type LogSettings, logSettings } from '@tern/log'

/** A region on the cluster, with topics of its own. */
export function kafkaSettings(bootstrap: string, more: readonly string[] = []): LogSettings {
  const argv = ['--log', 'kafka', '--kafka-bootstrap', bootstrap, '--kafka-prefix', `${randomUUID().slice(0, 8)}.`]
  const { settings, problems } = readSettings(logSettings, [...argv, ...more], {})
  if (settings === undefined) throw new Error(problems.join('; '))
  return settings
}
