import type { KeptConnection } from './kept.ts'

const shell = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`

/** The same publish with other clients. `mqtt`: host:port of the region's MQTT. */
export function codeOf(
  { publish: { topic, payload, qos, retain } }: KeptConnection,
  mqtt: string,
): readonly (readonly [string, string])[] {
  const [host = 'localhost', port = '1883'] = mqtt.split(':')
  const message = JSON.stringify({ topic, payload: 'BASE64 OF THE PAYLOAD' })
  return [
    [
      'mosquitto',
      `mosquitto_pub -h ${host} -p ${port} -V mqttv5 -t ${shell(topic)} -m ${shell(payload)} -q ${qos}${retain ? ' -r' : ''}`,
    ],
    ['tern', `./tern pub ${shell(topic)} -m ${shell(payload)} -q ${qos}${retain ? ' -r' : ''}`],
    [
      'MQTT.js',
      `import { connectAsync } from 'mqtt'\nconst client = await connectAsync('mqtt://${host}:${port}', { protocolVersion: 5 })\nawait client.publishAsync(${JSON.stringify(topic)}, ${JSON.stringify(payload)}, { qos: ${qos}, retain: ${retain} })`,
    ],
    [
      'gRPC',
      `buf curl --http2-prior-knowledge --protocol grpc http://localhost:9090/tern.v1.MessagingService/Publish -d ${shell(`{"messages":[${message}]}`)}`,
    ],
  ]
}
