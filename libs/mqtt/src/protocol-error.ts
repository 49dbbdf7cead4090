import { reasonCode } from './reason-code.ts'

/** Why a connection has to end. */
export type ProtocolError = {
  type: 'protocol-error'
  reasonCode: number
  /** A sentence for the log, without anything that the client sent. */
  message: string
  /** No whole CONNECT had come: a CONNACK answers, or nothing does (see `Decoder.protocolVersion`), and no DISCONNECT. */
  beforeConnect: boolean
}

/** Thrown inside the decoder only; it leaves as a ProtocolError. */
export class Refusal extends Error {
  readonly reasonCode: number

  constructor(code: number, message: string) {
    super(message)
    this.reasonCode = code
  }
}

export const malformed = (message: string): Refusal => new Refusal(reasonCode.malformedPacket, message)

export const violation = (message: string): Refusal => new Refusal(reasonCode.protocolError, message)
