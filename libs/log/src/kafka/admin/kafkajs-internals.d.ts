// The parts of kafkajs 2.2.4 that client.ts and seeds.ts mend; the package has no types of them.
declare module 'kafkajs/src/network/requestQueue/index.js' {
  const RequestQueue: {
    prototype: { pending: unknown[]; throttledUntil: number; scheduleCheckPendingRequests(): void }
  }
  export default RequestQueue
}

declare module 'kafkajs/src/network/socketFactory.js' {
  const createSocketFactory: () => import('kafkajs').ISocketFactory
  export default createSocketFactory
}
