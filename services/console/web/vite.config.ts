import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'
import { packed } from './packed.ts'

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react(), packed()],
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: 'es2023',
    // Everything is a file of its own: the policy of the pages allows nothing inline.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // What belongs to which page: test/console/size.test.ts weighs it.
    manifest: true,
  },
  // For work on the pages beside a console that runs: `npx vite services/console/web`.
  server: { proxy: { '/api': 'http://127.0.0.1:8080', '/console': { target: 'http://127.0.0.1:8080', ws: true } } },
})
