import { type ConnectPacket, reasonCode } from '@tern/mqtt'
import { home } from '@tern/proto'
import { type ConnectRequest, judgeConnect, openCall } from '../../core/connection/connect.ts'
import type { ClientConnection } from './client-connection.ts'
import { Session } from './session.ts'

/** CONNECT: judged here, decided by the client's home, and answered when that is durable. */
export function openSession(connection: ClientConnection, packet: ConnectPacket): void {
  const { context } = connection
  connection.packetBytesMax = packet.properties.maximumPacketSize ?? Number.POSITIVE_INFINITY
  const request = judgeConnect(packet, context.drawId())
  if ('refused' in request) {
    connection.refuse(request.refused, 'the CONNECT was refused')
    return
  }
  connection.clientId = request.clientId
  context.connections.name(request.clientId, connection)
  void context.region
    .callHome(request.clientId, openCall(request, context.connections.nextAttempt()))
    .then((answer) => answered(connection, request, answer))
}

function answered(
  connection: ClientConnection,
  request: ConnectRequest,
  { status, reasonCode: code, opened }: home.HomeAnswer,
) {
  const number = opened?.connection
  if (status !== home.HomeStatus.OK || opened === undefined || number === undefined) {
    connection.refuse(code || reasonCode.serverUnavailable, 'the home refused the session')
    return
  }
  const session = new Session(connection, request, opened, number)
  if (connection.isClosed) {
    // The client has gone meanwhile; its home thinks that it is here.
    session.ended({ willApplies: true })
    return
  }
  const { sessionPresent } = opened
  connection.send({
    type: 'connack',
    sessionPresent,
    reasonCode: reasonCode.success,
    properties: request.announced,
  })
  if (sessionPresent) {
    connection.block()
    void session.resume(opened).then(() => connection.unblock())
  }
  connection.opened(session, request.keepAliveSeconds)
}
