import { Link } from '@tanstack/react-router'
import type { TopologyJson } from '../../gen/tern/v1/cluster_pb.js'
import { CopyButton } from '../../parts/copy-button.tsx'

/** Nobody is connected yet: how to be the first. */
export function FirstSteps({ topology }: Readonly<{ topology: TopologyJson }>) {
  const proxy = topology.zones?.flatMap(({ members = [] }) => members).find(({ endpoints }) => endpoints?.['mqtt'])
  const [host = 'localhost', port = '1883'] = proxy?.endpoints?.['mqtt']?.split(':') ?? []
  const commands = [
    ['Eclipse Mosquitto', `mosquitto_sub -h ${host} -p ${port} -t 'demo/#' -v`],
    ['MQTT.js', `npx mqtt subscribe -h ${host} -p ${port} -t 'demo/#'`],
    ['here', `./tern pub demo/hello -m hi`],
  ] as const
  return (
    <section className="card stack">
      <h2>No clients yet</h2>
      <p className="muted">Connect the first one:</p>
      <ul className="stack tight">
        {commands.map(([name, command]) => (
          <li key={name} className="row command">
            <span className="label">{name}</span> <code className="breakable">{command}</code>{' '}
            <CopyButton text={command} />
          </li>
        ))}
      </ul>
      <p>
        <Link to="/try">Open the browser client</Link>
      </p>
    </section>
  )
}
