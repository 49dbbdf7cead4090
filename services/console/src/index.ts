export type { ConsoleConfig } from './config.ts'
export { type Console, type ConsolePorts, createConsole } from './console.ts'
export { settings } from './settings.ts'
