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
export async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>()
  while (ports.size < count) {
    const port = 20_000 + Math.floor(Math.random() * 10_000)
    if (!ports.has(port) && (await isFree(port))) ports.add(port)
  }
  return [...ports]
}

/** The wanted port, or a free one when somebody has it. */
export async function portOrFree(wanted: number): Promise<number> {
  if (wanted !== 0 && (await isFree(wanted))) return wanted
  const [port = 0] = await freePorts(1)
  return port
}
