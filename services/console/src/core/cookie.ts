export const cookieName = 'tern_console'

/** The id of the session, as the browser tells it. */
export function sessionIdIn(header: string | undefined): string | undefined {
  const pair = header?.split(';').find((each) => each.trim().startsWith(`${cookieName}=`))
  const id = pair?.trim().slice(cookieName.length + 1)
  return id === undefined || !/^[\w-]{20,100}$/.test(id) ? undefined : id
}

/** No script reads it, and no other site's page makes the browser send it. */
export const sessionCookie = (id: string, secure: boolean): string =>
  `${cookieName}=${id}; Path=/; HttpOnly; SameSite=Strict${secure ? '; Secure' : ''}`

export const endedCookie = (secure: boolean): string => `${sessionCookie('', secure)}; Max-Age=0`
