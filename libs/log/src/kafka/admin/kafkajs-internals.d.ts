// The part of kafkajs 2.2.4 that client.ts mends; the package has no types of it.
declare module 'kafkajs/src/network/requestQueue/index.js' {
  const RequestQueue: {
    prototype: { pending: unknown[]; throttledUntil: number; scheduleCheckPendingRequests(): void }
  }
  export default RequestQueue
}
