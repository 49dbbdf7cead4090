import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { MessageJson } from '../../gen/tern/v1/message_pb.js'
import { bytes, spanOf } from '../../lib/format.ts'
import { bytesOf, textOf, visible } from '../../lib/payload.ts'
import { qosOf } from '../../lib/words.ts'
import { CopyButton } from '../../parts/copy-button.tsx'
import { Payload } from '../../parts/payload.tsx'
import { Time } from '../../parts/time.tsx'
import { ResendButton } from './resend.tsx'

/** Payload, properties and address of a message, and what can be done with it. */
export function MessageView({ message }: Readonly<{ message: MessageJson }>) {
  const { messageId = '', topic = '', userProperties = [], position, publisherClientId = '' } = message
  const facts: readonly (readonly [string, ReactNode])[] = [
    ['stored', <Time key="t" at={message.publishTime} />],
    [
      'received',
      message.receiveTime === undefined ? undefined : <Time key="r" at={message.receiveTime} relative={false} />,
    ],
    [
      'publisher',
      <Link key="p" to="/clients/$clientId" params={{ clientId: publisherClientId } as never}>
        {publisherClientId}
      </Link>,
    ],
    ['user', message.publisherPrincipal],
    ['QoS', `${qosOf(message.qos)}${message.retain ? ', retained' : ''}`],
    ['size', bytes(Number(message.payloadSize ?? 0))],
    ['address', position === undefined ? undefined : `queue ${position.queue ?? 0}, position ${position.offset ?? 0}`],
    ['content type', message.contentType],
    ['response topic', message.responseTopic],
    ['expires after', spanOf(message.expiry)],
    ['trace id', message.traceId],
  ]
  return (
    <div className="stack">
      <div className="spread">
        <Link to="/topics/$topic" params={{ topic } as never} className="breakable topic-name">
          {topic}
        </Link>
        <div className="row">
          <Link className="button primary" to="/messages/$messageId/trace" params={{ messageId } as never}>
            Trace
          </Link>
          <ResendButton ids={[messageId]} message={message} />
          <CopyButton name="Copy as tern pub" text={commandOf(message)} />
          <CopyButton name="Copy as JSON" text={JSON.stringify(message, null, 2)} />
        </div>
      </div>
      <div className="two">
        <Payload base64={message.payload} name={messageId} />
        <dl className="pairs">
          {facts.map(([name, value]) =>
            value === undefined || value === '' ? null : (
              <div key={name}>
                <dt>{name}</dt>
                <dd>{value}</dd>
              </div>
            ),
          )}
          {userProperties.map(({ name = '', value = '' }, i) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a name may repeat, and they never move.
            <div key={i}>
              <dt className="mono breakable">{visible(name)}</dt>
              <dd className="mono">{visible(value)}</dd>
            </div>
          ))}
        </dl>
      </div>
    </div>
  )
}

/** For a shell: in single quotes nothing is special but the quote itself. */
function commandOf({ topic = '', payload, qos, retain }: MessageJson): string {
  const text = textOf(bytesOf(payload))
  const quoted = (word: string) => `'${word.replaceAll("'", `'\\''`)}'`
  const flags = `-q ${qosOf(qos)}${retain ? ' -r' : ''}`
  if (text === undefined) return `echo ${payload} | base64 -d | ./tern pub ${quoted(topic)} -f - ${flags}`
  return `./tern pub ${quoted(topic)} -m ${quoted(text)} ${flags}`
}
