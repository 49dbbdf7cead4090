import type { Json } from '../api.ts'
import type { Command, Invocation } from '../command.ts'
import { Failure } from '../failure.ts'

type Finding = Readonly<{ check: string; ok: boolean; found: string; fix: string }>

const skewMaxMs = 1_000

export const doctor: Command = {
  name: 'doctor',
  summary: 'look for what is wrong, with a fix for each',
  async run(given) {
    const { out } = given
    const findings = [nodeVersion(), ...(await regionFindings(given))]
    out.table(
      findings,
      [
        { title: '', of: (finding) => (finding.ok ? 'ok' : 'WRONG') },
        { title: 'CHECK', of: (finding) => finding.check },
        { title: 'FOUND', of: (finding) => finding.found },
        { title: 'FIX', of: (finding) => (finding.ok ? ' ' : finding.fix) },
      ],
      '',
    )
    const wrong = findings.filter(({ ok }) => !ok)
    if (wrong.length > 0)
      throw new Failure(`${wrong.length} of ${findings.length} checks failed`, { hint: wrong[0]?.fix ?? '' })
  },
}

const nodeVersion = (): Finding => ({
  check: 'Node.js',
  ok: Number(process.versions.node.split('.')[0]) >= 24,
  found: process.versions.node,
  fix: 'node tools/setup.mjs   installs the one that TernMQ runs on',
})

async function regionFindings({ api, target }: Invocation): Promise<Finding[]> {
  const began = Date.now()
  const answer: Json = await api.call('ClusterService/GetTopology', {}).catch((error: Failure) => error)
  const reached = {
    check: `API at ${api.url} (${target.from})`,
    fix: 'npm start   starts a region; --url says where another one is',
  }
  if (answer instanceof Failure) return [{ ...reached, ok: false, found: answer.message }]
  const { topology } = answer
  const now = (began + Date.now()) / 2
  const skew = Math.round(Math.abs(now - Date.parse(topology.time)))
  const members = topology.zones.flatMap((zone: Json) => zone.members)
  const ill = members.filter(({ state }: Json) => state === 'MEMBER_STATE_DEAD' || state === 'MEMBER_STATE_SUSPECT')
  const orphans = topology.owners.filter((owner: string) => owner === '').length
  const kinds = ['PROXY', 'BROKER', 'NAMESERVER', 'TRACE', 'CONSOLE']
  const missing = kinds.filter((kind) => !members.some((member: Json) => member.kind === `MEMBER_KIND_${kind}`))
  const leaders = members.filter(({ leads }: Json) => leads).length
  return [
    { ...reached, ok: true, found: `answered in ${Date.now() - began} ms` },
    { check: 'clock', ok: skew < skewMaxMs, found: `${skew} ms apart`, fix: 'let NTP set the clocks of both machines' },
    {
      check: 'members',
      ok: ill.length === 0 && missing.length === 0,
      found:
        [...ill.map(({ name }: Json) => `${name} is ill`), ...missing.map((kind) => `no ${kind.toLowerCase()}`)].join(
          ', ',
        ) || `${members.length}, all well`,
      fix: 'tern events   says what became of them; tern zones heal ZONE in a region of npm start',
    },
    {
      check: 'leader',
      ok: leaders === 1,
      found: `${leaders} nameserver leads`,
      fix: 'start a majority of the nameservers',
    },
    {
      check: 'queues',
      ok: orphans === 0,
      found: orphans === 0 ? `${topology.owners.length}, all owned` : `${orphans} have no owner`,
      fix: 'start a broker; tern queues ls',
    },
  ]
}
