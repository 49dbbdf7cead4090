import { control } from '@tern/proto'

/** A broker of az-a. */
export const member = (incarnation: number) => ({
  incarnation,
  kind: control.MemberKind.BROKER,
  zone: 'az-a',
  address: `broker-${incarnation}:1`,
  nonce: `run-${incarnation}`,
  draining: false,
  detail: undefined,
})
