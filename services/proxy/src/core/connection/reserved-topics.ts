/** Topics that only the server may write [MQTT5-4.7.2]. */
export const isReserved = (topic: string): boolean => topic.startsWith('$SYS/')
