declare module 'dynalite' {
  import type { Server } from 'node:http'

  /** `path` is a folder; without it, the tables are in memory. */
  export default function dynalite(options?: { createTableMs?: number; path?: string }): Server
}
