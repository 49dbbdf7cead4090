import type { ZoneJson } from '../../gen/tern/v1/cluster_pb.js'

/** A state has a word and a shape, so that it is never told by colour alone. */
export type Look = Readonly<{ word: string; shape: string; tone: 'ok' | 'warn' | 'bad' | '' }>

const looks: Readonly<Record<string, Look>> = {
  healthy: { word: 'healthy', shape: '●', tone: 'ok' },
  suspect: { word: 'silent', shape: '▲', tone: 'warn' },
  draining: { word: 'draining', shape: '◆', tone: 'warn' },
  dead: { word: 'down', shape: '✕', tone: 'bad' },
}

/** `state`: as the API says it ("MEMBER_STATE_DEAD"), or as the past keeps it ("dead"). */
export const lookOf = (state: string | undefined): Look => {
  const name = (state ?? '').replace('MEMBER_STATE_', '').toLowerCase()
  return looks[name] ?? { word: name === '' ? 'unknown' : name, shape: '○', tone: '' }
}

const carrying = ['MEMBER_KIND_PROXY', 'MEMBER_KIND_BROKER', 'MEMBER_KIND_NAMESERVER']

/** The API tells of the worst member; a zone is down only when nothing in it carries messages any more. */
export function lookOfZone({ state, members = [] }: ZoneJson): Look {
  const alive = members.some(
    (member) => carrying.includes(member.kind ?? '') && member.state === 'MEMBER_STATE_HEALTHY',
  )
  return state === 'MEMBER_STATE_DEAD' && alive ? { word: 'partly down', shape: '▲', tone: 'warn' } : lookOf(state)
}
