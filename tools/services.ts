import type { Spec } from '@tern/config'
import { settings as nameserver } from '@tern/nameserver'

/** Settings of every service that runs as a process of its own, in the order of the README. */
export const settingsOfServices: Readonly<Record<string, Spec>> = { nameserver }
