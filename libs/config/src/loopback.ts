/** Nothing listens beyond this machine while nobody who connects is authenticated, unless that is asked for by name. */
export function loopbackOnly(address: string, allowAnonymous: boolean): string | undefined {
  if (allowAnonymous || isLoopback(address.slice(0, address.lastIndexOf(':')))) return undefined
  const port = address.slice(address.lastIndexOf(':') + 1)
  return `"${address}" can be reached from other machines and nobody is authenticated there; give 127.0.0.1:${port}, or --allow-anonymous to let anyone connect`
}

const isLoopback = (host: string) =>
  host === 'localhost' || host === '[::1]' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host)
