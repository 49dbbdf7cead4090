/** Of an MQTT filter. */
export function filterOf(filter: string): (topic: string) => boolean {
  const pattern = filter
    .split('/')
    .map((level) => (level === '+' ? '[^/]*' : level === '#' ? '.*' : level.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')))
    .join('/')
    .replace(/\/\.\*$/, '(/.*)?')
  const expression = new RegExp(`^${pattern}$`)
  return (topic) => filter === '' || expression.test(topic)
}
