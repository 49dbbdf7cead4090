import { createServer } from 'node:net'

export const loopback = '127.0.0.1'

/** True when nobody listens there now. */
export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen({ host: loopback, port, exclusive: true }, () => server.close(() => resolve(true)))
  })
}

/**
 * Ports for a region that keeps them while its zones come and go. They lie below the range from which systems take ports for
 * outgoing connections: there, dialling a dead zone's port could take that very port, or even connect to itself.
 */
export async function freePorts(count: number, draw: () => number = drawPort): Promise<number[]> {
  return portsOrFree(Array<number>(count).fill(0), draw)
}

/** For each wanted port that port, or a free one when it is 0 or somebody has it; none of them twice. */
export async function portsOrFree(wanted: readonly number[], draw: () => number = drawPort): Promise<number[]> {
  const ports = new Set<number>()
  for (let port of wanted) {
    while (port === 0 || ports.has(port) || !(await isFree(port))) port = draw()
    ports.add(port)
  }
  return [...ports]
}

const drawPort = (): number => 20_000 + Math.floor(Math.random() * 10_000)
