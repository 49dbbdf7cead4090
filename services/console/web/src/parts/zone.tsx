import { useZoneIndex } from '../lib/use-topology.ts'

/** Its name with its colour; never the colour alone. */
export function ZoneName({ zone }: Readonly<{ zone: string | undefined }>) {
  const indexOf = useZoneIndex()
  if (zone === undefined || zone === '') return <span className="muted">no zone</span>
  return (
    <span className="zone-name" data-zone={indexOf(zone)}>
      {zone}
    </span>
  )
}
