import type { Log } from '@tern/log'
import { openControlLog } from '@tern/nameserver/testing'
import { silentLogger } from '@tern/runtime'

export type Decision =
  | Readonly<{ what: 'term'; nameserver: string }>
  | Readonly<{ what: 'death'; kind: 'broker' | 'proxy'; zone: string; incarnation: number }>

/** What the nameservers of a region decide, as tern.control says it in the end: terms and deaths. */
export class ControlWatch {
  private readonly stopLog: () => void
  private decided: Decision[] = []

  private constructor(stop: () => void) {
    this.stopLog = stop
  }

  static async on(log: Log): Promise<ControlWatch> {
    const control = await openControlLog(log, silentLogger)
    await control.caughtUp()
    const watch = new ControlWatch(() => control.stop())
    let before = control.state()
    control.onChange((state) => {
      if (state.leader !== undefined && state.leader.term !== before.leader?.term)
        watch.decided.push({ what: 'term', nameserver: state.leader.nameserver })
      for (const incarnation of state.dead) {
        const member = before.members.get(incarnation)
        if (member === undefined) continue
        const kind = member.kind === 1 ? 'broker' : 'proxy'
        watch.decided.push({ what: 'death', kind, zone: member.zone, incarnation })
      }
      before = state
    })
    return watch
  }

  /** Since the last time. */
  take(): Decision[] {
    const { decided } = this
    this.decided = []
    return decided
  }

  stop(): void {
    this.stopLog()
  }
}
