import { CronTimes } from '../../core/schedule/cron.ts'
import type { CronCache } from '../../core/schedule/schedule.ts'
import { Zone } from '../../core/schedule/zone.ts'
import { BoundedCache } from './bounded-cache.ts'

/** Some kilobytes each. */
const KEPT_CRONS = 10_000
const KEPT_ZONES = 1_000

/** Keeps what was made ready: the same few expressions and zones are asked for again and again. */
export function createCronCache(): CronCache {
  const crons = new BoundedCache<CronTimes>({ limit: KEPT_CRONS })
  const zones = new BoundedCache<Zone>({ limit: KEPT_ZONES })
  return {
    cron: (text) => crons.getOrMake(text, () => new CronTimes(text)),
    zone: (name) => zones.getOrMake(name, () => new Zone(name)),
  }
}
