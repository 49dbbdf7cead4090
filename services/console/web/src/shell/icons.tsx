import type { ReactNode } from 'react'

const shapes: Readonly<Record<string, ReactNode>> = {
  overview: <path d="M3 3h7v9H3zM14 3h7v5h-7zM14 12h7v9h-7zM3 16h7v5H3z" />,
  clients: <path d="M5 4h14v11H5zM2 20h20M9 8h6M9 11h4" />,
  topics: <path d="M5 3v14a3 3 0 0 0 3 3h4M5 9h7M14 6h6v6h-6zM14 17h6v5h-6z" />,
  retained: <path d="M6 3h12v18l-6-4-6 4z" />,
  subscriptions: <path d="M4 11a9 9 0 0 1 9 9M4 4a16 16 0 0 1 16 16M5 18.500a.5.5 0 1 0 .1 0" />,
  groups: <path d="M12 3v5M12 8 5 14M12 8l7 6M12 8v6M3 14h4v6H3zM10 14h4v6h-4zM17 14h4v6h-4z" />,
  messages: <path d="M3 5h18v13H8l-5 4zM8 10h8M8 13h5" />,
  traces: <path d="M3 5h9M7 10h11M11 15h6M13 20h8" />,
  queues: <path d="M3 5h18v4H3zM3 10h18v4H3zM3 15h18v4H3z" />,
  events: <path d="M12 3v9l5 3M21 12a9 9 0 1 1-9-9 9 9 0 0 1 9 9z" />,
  try: <path d="m4 4 7 16 2.500-6.500L20 11z" />,
}

export function Icon({ name }: Readonly<{ name: string }>) {
  return (
    <svg
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.8"
      strokeLinejoin="round"
      strokeLinecap="round"
      aria-hidden="true"
    >
      {shapes[name]}
    </svg>
  )
}
