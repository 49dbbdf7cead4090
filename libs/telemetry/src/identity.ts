/** What a process is, in the names of OpenTelemetry; every number and every span says it. */
export type Identity = Readonly<{ service: string; zone: string; instance: string }>

export const identityAttributes = ({ service, zone, instance }: Identity): Readonly<Record<string, string>> => ({
  'service.name': `tern-${service}`,
  'service.namespace': 'tern',
  'service.instance.id': instance,
  ...(zone !== '' && { 'cloud.availability_zone': zone }),
})
