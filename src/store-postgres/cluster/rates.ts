import type { Portion, RateStore } from '../../store/cluster/rates.ts'
import type { Database } from '../connect/transaction.ts'
import { deletePicked } from '../listing.ts'

const NOW = `(extract(epoch from clock_timestamp()) * 1000)::bigint`

/**
 * A row is there before a node takes from it; `value` is a count in a window, or the time until which a bucket is
 * empty.
 */
const PREPARE = `insert into discue.rates (key, window_start, value) values ($1, 0, 0) on conflict (key) do nothing`

/** The lock on the row makes every portion count. */
const TAKE_OF_WINDOW = `
  update discue.rates r set window_start = o.start, value = least(o.used + $4::float8, greatest(o.used, $3::float8))
    from (
      select key, n.start, n.ends_in, case when window_start = n.start then value else 0 end as used
        from discue.rates cross join (
          select ${NOW} / $2::bigint * $2::bigint as start, $2::bigint - ${NOW} % $2::bigint as ends_in) n
       where key = $1 for update of rates) o
   where r.key = o.key
  returning (r.value - o.used)::float8 as granted, greatest($3::float8 - r.value, 0) as left, o.ends_in as "againMs"`

/** A bucket is the time at which it will have been filled again: to take is to put that off (the GCRA of ATM). */
const TAKE_OF_BUCKET = `
  update discue.rates r set value = o.base + o.granted * $2::float8
    from (
      select key, base, now, least($4::float8, greatest(0, floor(($3::float8 * $2::float8 - (base - now)) / $2::float8)))
             as granted
        from (select key, greatest(value, n.now) as base, n.now
                from discue.rates cross join (select ${NOW}::float8 as now) n where key = $1 for update of rates) b) o
   where r.key = o.key
  returning o.granted, 0::float8 as left, greatest(0, r.value - o.now - ($3::float8 - 1) * $2::float8)::float8 as "againMs"`

/** Forgets windows and buckets that no node has asked for. */
const FORGET = deletePicked(
  'discue.rates',
  'key',
  `select key from discue.rates where greatest(window_start, value) < ${NOW} - 86400000 limit 1000 for update skip locked`,
)

export function createRateStore({ db }: Database): RateStore & { forget(): Promise<void> } {
  async function take(sql: string, key: string, values: number[]): Promise<Portion> {
    const [portion] = await db.rows<Portion>(sql, [key, ...values])
    if (portion !== undefined) return portion
    await db.run(PREPARE, [key])
    return take(sql, key, values)
  }

  return {
    takeOfWindow: ({ key, windowMs, limit, want }) => take(TAKE_OF_WINDOW, key, [windowMs, limit, want]),
    takeOfBucket: ({ key, perTokenMs, size, want }) => take(TAKE_OF_BUCKET, key, [perTokenMs, size, want]),
    async forget() {
      await db.run(FORGET)
    },
  }
}
