/** Every reason code of MQTT 5 (section 2.4). Zero has three names there; so it has here. */
export const reasonCode = {
  success: 0x00,
  normalDisconnection: 0x00,
  grantedQos0: 0x00,
  grantedQos1: 0x01,
  grantedQos2: 0x02,
  disconnectWithWillMessage: 0x04,
  noMatchingSubscribers: 0x10,
  noSubscriptionExisted: 0x11,
  continueAuthentication: 0x18,
  reAuthenticate: 0x19,
  unspecifiedError: 0x80,
  malformedPacket: 0x81,
  protocolError: 0x82,
  implementationSpecificError: 0x83,
  unsupportedProtocolVersion: 0x84,
  clientIdentifierNotValid: 0x85,
  badUserNameOrPassword: 0x86,
  notAuthorized: 0x87,
  serverUnavailable: 0x88,
  serverBusy: 0x89,
  banned: 0x8a,
  serverShuttingDown: 0x8b,
  badAuthenticationMethod: 0x8c,
  keepAliveTimeout: 0x8d,
  sessionTakenOver: 0x8e,
  topicFilterInvalid: 0x8f,
  topicNameInvalid: 0x90,
  packetIdentifierInUse: 0x91,
  packetIdentifierNotFound: 0x92,
  receiveMaximumExceeded: 0x93,
  topicAliasInvalid: 0x94,
  packetTooLarge: 0x95,
  messageRateTooHigh: 0x96,
  quotaExceeded: 0x97,
  administrativeAction: 0x98,
  payloadFormatInvalid: 0x99,
  retainNotSupported: 0x9a,
  qosNotSupported: 0x9b,
  useAnotherServer: 0x9c,
  serverMoved: 0x9d,
  sharedSubscriptionsNotSupported: 0x9e,
  connectionRateExceeded: 0x9f,
  maximumConnectTime: 0xa0,
  subscriptionIdentifiersNotSupported: 0xa1,
  wildcardSubscriptionsNotSupported: 0xa2,
} as const

export type ReasonCode = (typeof reasonCode)[keyof typeof reasonCode]

const names = new Map<number, string>(
  Object.entries(reasonCode)
    .toReversed()
    .map(([name, code]) => [code, name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)]),
)

/** As logs and metrics name it, "not_authorized"; a code that MQTT does not know is "unknown", so that there are few names. */
export const reasonName = (code: number): string => names.get(code) ?? 'unknown'

/** From 0x80 on a code says that something failed. */
export const isFailure = (code: number): boolean => code >= 0x80

/** The return codes of a 3.1 and 3.1.1 CONNACK. */
export const returnCode = {
  accepted: 0,
  unacceptableProtocolVersion: 1,
  identifierRejected: 2,
  serverUnavailable: 3,
  badUserNameOrPassword: 4,
  notAuthorized: 5,
} as const

export type ReturnCode = (typeof returnCode)[keyof typeof returnCode]

const returnCodes = new Map<number, ReturnCode>([
  [reasonCode.success, returnCode.accepted],
  [reasonCode.unsupportedProtocolVersion, returnCode.unacceptableProtocolVersion],
  [reasonCode.clientIdentifierNotValid, returnCode.identifierRejected],
  [reasonCode.unspecifiedError, returnCode.serverUnavailable],
  [reasonCode.implementationSpecificError, returnCode.serverUnavailable],
  [reasonCode.serverUnavailable, returnCode.serverUnavailable],
  [reasonCode.serverBusy, returnCode.serverUnavailable],
  [reasonCode.serverShuttingDown, returnCode.serverUnavailable],
  [reasonCode.quotaExceeded, returnCode.serverUnavailable],
  [reasonCode.useAnotherServer, returnCode.serverUnavailable],
  [reasonCode.serverMoved, returnCode.serverUnavailable],
  [reasonCode.connectionRateExceeded, returnCode.serverUnavailable],
  [reasonCode.badUserNameOrPassword, returnCode.badUserNameOrPassword],
  [reasonCode.notAuthorized, returnCode.notAuthorized],
  [reasonCode.banned, returnCode.notAuthorized],
  [reasonCode.badAuthenticationMethod, returnCode.notAuthorized],
])

/** What a 3.x CONNACK says for a reason; undefined when it has no word for it and the connection just closes. */
export const connackReturnCode = (code: number): ReturnCode | undefined => returnCodes.get(code)
