/** Of every answer. `webSockets`: host:port where browsers reach MQTT, for "Try it". */
export function securityHeaders(webSockets: readonly string[], secure: boolean): Record<string, string> {
  const scheme = secure ? 'wss' : 'ws'
  const reached = [...new Set(webSockets)].filter(isAddress).map((address) => `${scheme}://${address}`)
  return {
    'content-security-policy': [
      "default-src 'self'",
      `connect-src ${["'self'", ...reached].join(' ')}`,
      // Pages set sizes and places on elements by script, which no policy on styles looks at; no style comes inline.
      "style-src 'self'",
      // Images and downloads of payloads are made in the page.
      "img-src 'self' data: blob:",
      "object-src 'none'",
      "base-uri 'none'",
      "form-action 'self'",
      "frame-ancestors 'none'",
    ].join('; '),
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'permissions-policy': 'camera=(), microphone=(), geolocation=(), payment=()',
  }
}

/** What a member says of itself must not become another directive. */
const isAddress = (text: string): boolean => /^(\[[0-9a-f:]+\]|[a-z0-9.-]+):\d{1,5}$/i.test(text)
