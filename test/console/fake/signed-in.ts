type Headers = Readonly<Record<string, string>>

export type Client = Readonly<{
  headers: Headers
  post(path: string, body: unknown, headers?: Headers): Promise<Response>
}>

/** Speaks to the console as its own pages do. */
export function consoleClient(url: string, own: Headers = {}): Client {
  const headers = { origin: url, 'content-type': 'application/json', ...own }
  return {
    headers,
    post: (path, body, more = {}) =>
      fetch(url + path, { method: 'POST', headers: { ...headers, ...more }, body: JSON.stringify(body) }),
  }
}

export type Signed = Client

export async function signIn(url: string, password: string): Promise<Signed> {
  const answer = await consoleClient(url).post('/console/login', { user: 'admin', password })
  if (answer.status !== 200) throw new Error(`the login was answered with ${answer.status}`)
  const cookie = answer.headers.get('set-cookie')?.split(';')[0] ?? ''
  const { csrf } = (await answer.json()) as { csrf: string }
  return consoleClient(url, { cookie, 'x-tern-csrf': csrf })
}
