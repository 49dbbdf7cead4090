import type { QualityOfServiceJson } from '../gen/tern/v1/message_pb.js'

const levels: Readonly<Record<string, string>> = {
  QUALITY_OF_SERVICE_AT_MOST_ONCE: '0',
  QUALITY_OF_SERVICE_AT_LEAST_ONCE: '1',
  QUALITY_OF_SERVICE_EXACTLY_ONCE: '2',
}

export const qosOf = (qos: QualityOfServiceJson | undefined): string => levels[String(qos)] ?? '1'

/** Why a packet was refused or a connection ended, in the words of MQTT 5 (2.4). */
const reasons: Readonly<Record<number, string>> = {
  0: 'success',
  1: 'granted QoS 1',
  2: 'granted QoS 2',
  4: 'disconnect with will',
  16: 'no matching subscribers',
  17: 'no subscription existed',
  128: 'unspecified error',
  129: 'malformed packet',
  130: 'protocol error',
  131: 'implementation specific error',
  132: 'unsupported protocol version',
  133: 'client identifier not valid',
  134: 'bad user name or password',
  135: 'not authorized',
  136: 'server unavailable',
  137: 'server busy',
  138: 'banned',
  139: 'server shutting down',
  140: 'bad authentication method',
  141: 'keep alive timeout',
  142: 'session taken over',
  143: 'topic filter invalid',
  144: 'topic name invalid',
  145: 'packet identifier in use',
  146: 'packet identifier not found',
  147: 'receive maximum exceeded',
  148: 'topic alias invalid',
  149: 'packet too large',
  150: 'message rate too high',
  151: 'quota exceeded',
  152: 'administrative action',
  153: 'payload format invalid',
  154: 'retain not supported',
  155: 'QoS not supported',
  156: 'use another server',
  157: 'server moved',
  158: 'shared subscriptions not supported',
  159: 'connection rate exceeded',
  160: 'maximum connect time',
  161: 'subscription identifiers not supported',
  162: 'wildcard subscriptions not supported',
}

export const reasonOf = (code: number): string =>
  `0x${code.toString(16).padStart(2, '0')} ${reasons[code] ?? 'unknown reason'}`
