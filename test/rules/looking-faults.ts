import type { Fault } from './faults.ts'

const scans = 'services/broker/src/adapters/scan'
const scanTests = `${scans}/scan-service.test.ts`
const api = 'services/proxy/src/adapters/api'

/** Queries and replays, which read what sessions read, by ways of their own. */
export const lookingFaults: readonly Fault[] = [
  {
    rule: '4',
    without: 'who looks into the log is shown no void record',
    file: 'services/broker/src/core/scan/conditions.ts',
    find: '  if (!includeVoid) tests.push(({ isVoid }) => !isVoid)\n',
    replace: '',
    tests: scanTests,
    noticedBy: 'a void record is left out unless it is asked for',
  },
  {
    rule: '4',
    without: 'who asks for one record is told that it is void',
    file: 'services/broker/src/adapters/past/queue-past.ts',
    find: 'isVoid: this.options.state.voidPositions.has(position)',
    replace: 'isVoid: false',
    tests: scanTests,
    noticedBy: 'a void record is left out unless it is asked for',
  },
  {
    rule: 'D4',
    without: 'a batch is passed over only when it holds nothing that is asked for',
    file: 'services/broker/src/core/scan/needles.ts',
    find: "    const joined = i === 0 ? '' : '/'\n",
    replace: "    const joined = '/'\n",
    tests: 'services/broker/src/core/scan/needles.test.ts',
    noticedBy: 'no topic that matches a filter is without its needles',
  },
  {
    rule: 'D5',
    without: 'a page that had no room for all goes on with what it left out',
    file: `${scans}/queue-scan.ts`,
    find: 'this.next = cut?.position ?? Math.max(low, this.runner.logStart)',
    replace: 'this.next = Math.max(low, this.runner.logStart)',
    tests: scanTests,
    noticedBy: 'pages of any size hold each record that fits once',
  },
  {
    rule: 'D6',
    without: 'a replay goes on at the next owner from where the last answer ended',
    file: `${api}/replay-feed.ts`,
    find: 'track.next = Math.max(track.next, next)',
    replace: 'track.next = Math.max(track.next, next - 1)',
    tests: `${api}/replay.test.ts`,
    noticedBy: 'a replay survives moves of its queues and the death of an owner',
  },
  {
    rule: 'D12',
    without: 'a replay tells what retention took before it came there',
    file: `${api}/replay.ts`,
    find: 'parts.some((part) => part.gap)',
    replace: 'false',
    tests: `${api}/replay.test.ts`,
    noticedBy: 'retention that passes a reader is told as a gap',
  },
]
