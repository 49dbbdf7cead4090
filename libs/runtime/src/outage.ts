import type { Logger } from './logger.ts'

/** Tells an operator once that something fails, however often it is tried again, and once that it works. */
export class Outage {
  private readonly logger: Logger
  private readonly begins: string
  private readonly ends: string
  private failing = false

  constructor(logger: Logger, begins: string, ends: string) {
    this.logger = logger
    this.begins = begins
    this.ends = ends
  }

  failed(error: unknown, fields: Record<string, unknown> = {}): void {
    if (this.failing) return
    this.failing = true
    this.logger.warn(this.begins, { ...fields, error: String(error) })
  }

  worked(fields: Record<string, unknown> = {}): void {
    if (!this.failing) return
    this.failing = false
    this.logger.info(this.ends, fields)
  }
}
