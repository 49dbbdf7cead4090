import { health } from '@tern/proto'
import { type CallContext, type PublicService, publicService } from '@tern/rpc'
import { apiError } from './api-error.ts'

const { SERVING, NOT_SERVING, SERVICE_UNKNOWN } = health.HealthCheckResponse_ServingStatus
type Status = health.HealthCheckResponse_ServingStatus

/** Watchers of one server; further ones are refused. */
const watchersMax = 1_000

/** What the server says of itself, for each of its services and as a whole (the empty name). */
export class Health {
  private readonly statuses: Map<string, Status>
  private watchers = new Set<() => void>()

  constructor(services: readonly string[]) {
    this.statuses = new Map(['', ...services].map((name) => [name, SERVING]))
  }

  get serving(): boolean {
    return this.statuses.get('') === SERVING
  }

  /** Before the server stops: whoever balances load sends nothing more. */
  stopServing(): void {
    for (const name of this.statuses.keys()) this.statuses.set(name, NOT_SERVING)
    for (const wake of [...this.watchers]) wake()
  }

  service(): PublicService {
    return publicService(health.HealthService, {
      check: ({ service }) => ({ status: this.known(service) }),
      list: () => ({
        statuses: Object.fromEntries([...this.statuses].map(([name, status]) => [name, { status }])),
      }),
      watch: ({ service }, context) => this.watch(service, context),
    })
  }

  private known(service: string): Status {
    const status = this.statuses.get(service)
    if (status !== undefined) return status
    throw apiError('NOT_FOUND', 'SERVICE_UNKNOWN', `there is no service ${service.slice(0, 200)} here`)
  }

  /** The status at once, then each other one. */
  private async *watch(service: string, { signal }: CallContext): AsyncGenerator<health.HealthCheckResponse> {
    if (this.watchers.size >= watchersMax) {
      throw apiError('RESOURCE_EXHAUSTED', 'TOO_MANY_WATCHERS', 'too many watch the health of this server')
    }
    let told: Status | undefined
    while (!signal.aborted) {
      const status = this.statuses.get(service) ?? SERVICE_UNKNOWN
      if (status !== told) yield { status }
      told = status
      if (status !== (this.statuses.get(service) ?? SERVICE_UNKNOWN)) continue
      await new Promise<void>((resolve) => {
        const wake = () => {
          this.watchers.delete(wake)
          signal.removeEventListener('abort', wake)
          resolve()
        }
        this.watchers.add(wake)
        signal.addEventListener('abort', wake)
      })
    }
  }
}
