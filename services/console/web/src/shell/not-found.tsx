import { Link } from '@tanstack/react-router'
import { Page } from '../parts/page.tsx'
import { Empty } from '../parts/states.tsx'

export function NotFound() {
  return (
    <Page title="No such page">
      <Empty title="There is nothing at this address">
        <Link to="/">Go to the overview</Link>
      </Empty>
    </Page>
  )
}
