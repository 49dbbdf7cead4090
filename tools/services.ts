import { settings as broker } from '@tern/broker'
import type { Spec } from '@tern/config'
import { settings as nameserver } from '@tern/nameserver'
import { settings as proxy } from '@tern/proxy'

/** Settings of every service that runs as a process of its own, in the order of the README. */
export const settingsOfServices: Readonly<Record<string, Spec>> = { nameserver, broker, proxy }
