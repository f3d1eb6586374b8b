import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CronTimes, cronFault } from '../../../src/core/schedule/cron.ts'
import { parseCron } from '../../../src/core/schedule/cron-fields.ts'

/** What is written, and what it means in words that croner itself reads. */
const TAKEN: [written: string, means: string][] = [
  // Vixie cron, and what Debian, BSD and cronie add
  ['* * * * *', '* * * * *'],
  ['*/5 * * * *', '0,5,10,15,20,25,30,35,40,45,50,55 * * * *'],
  ['*/1 * * * *', '* * * * *'],
  ['0 0 */1 * MON', '0 0 * * MON'],
  ['0 0 1 * */1', '0 0 1 * *'],
  ['5 0 * * *', '5 0 * * *'],
  ['15 14 1 * *', '15 14 1 * *'],
  ['0 22 * * 1-5', '0 22 * * 1,2,3,4,5'],
  ['23 0-23/2 * * *', '23 */2 * * *'],
  ['5 4 * * sun', '5 4 * * 0'],
  ['5 4 * * 7', '5 4 * * 0'],
  ['0 4 8-14 * *', '0 4 8,9,10,11,12,13,14 * *'],
  ['0 0 * * 5-7', '0 0 * * 5,6,0'],
  ['0 0 * * sat-sun', '0 0 * * 6,0'],
  ['0 0 * * FRI-MON', '0 0 * * 5,6,0,1'],
  ['0 0 * * 6-2', '0 0 * * 6,0,1,2'],
  ['0 0 * * 7-2', '0 0 * * 0,1,2'],
  ['0 0 * * SUN-SUN', '0 0 * * 0'],
  ['0 0 * * 0-SUN', '0 0 * * 0'],
  ['0 0 * * 0-7', '0 0 * * *'],
  ['0 22-2 * * *', '0 22,23,0,1,2 * * *'],
  ['0 22-4/2 * * *', '0 22,0,2,4 * * *'],
  ['50-10/5 * * * *', '50,55,0,5,10 * * * *'],
  ['0 0 28-3 * *', '0 0 28,29,30,31,1,2,3 * *'],
  ['0 0 1 NOV-FEB *', '0 0 1 11,12,1,2 *'],
  ['0 0 1 11-2 *', '0 0 1 11,12,1,2 *'],
  ['0 0 1 1,7 *', '0 0 1 JAN,JUL *'],
  ['0 0 13 * FRI', '0 0 13 * 5'],
  ['30 4 1,15 * 5', '30 4 1,15 * 5'],
  ['@yearly', '0 0 1 1 *'],
  ['@annually', '0 0 1 1 *'],
  ['@monthly', '0 0 1 * *'],
  ['@weekly', '0 0 * * 0'],
  ['@daily', '0 0 * * *'],
  ['@midnight', '0 0 * * *'],
  ['@hourly', '0 * * * *'],
  ['@Daily', '0 0 * * *'],
  ['  0   9 * *\tMON ', '0 9 * * 1'],
  ['CRON_TZ=Europe/Berlin 0 9 * * *', '0 9 * * *'],
  ['TZ=UTC @daily', '0 0 * * *'],
  // Kubernetes, and Go's robfig/cron
  ['0 */6 * * *', '0 0,6,12,18 * * *'],
  ['10/15 * * * *', '10,25,40,55 * * * *'],
  ['0 8/4 * * *', '0 8,12,16,20 * * *'],
  ['0 0 5/10 * *', '0 0 5,15,25 * *'],
  ['0 0 1 3/3 *', '0 0 1 3,6,9,12 *'],
  ['0 0 1 MAR/3 *', '0 0 1 3,6,9,12 *'],
  ['0 0 * * 1/2', '0 0 * * 1,3,5'],
  ['0 0 * * MON/2', '0 0 * * 1,3,5'],
  ['0 0 ? * 1', '0 0 * * 1'],
  ['30 3-6,20-23 * * *', '30 3,4,5,6,20,21,22,23 * * *'],
  ['0 0 31 10 ?', '0 0 31 10 *'],
  // Quartz and Spring: the second comes first
  ['0 0 12 * * ?', '0 0 12 * * *'],
  ['0 15 10 ? * *', '0 15 10 * * *'],
  ['0 0/5 14 * * ?', '0 */5 14 * * *'],
  ['0 0/5 14,18 * * ?', '0 */5 14,18 * * *'],
  ['0 0-5 14 * * ?', '0 0,1,2,3,4,5 14 * * *'],
  ['0 10,44 14 ? 3 WED', '0 10,44 14 * 3 3'],
  ['0 15 10 ? * MON-FRI', '0 15 10 * * 1,2,3,4,5'],
  ['0 15 10 L * ?', '0 15 10 L * *'],
  ['0 15 10 LW * ?', '0 15 10 LW * *'],
  ['0 15 10 15W * ?', '0 15 10 15W * *'],
  ['0 15 10 ? * FRIL', '0 15 10 * * 5#L'],
  ['0 15 10 ? * 5L', '0 15 10 * * 5#L'],
  ['0 15 10 ? * FRI#3', '0 15 10 * * 5#3'],
  ['0 0 12 1/5 * ?', '0 0 12 1,6,11,16,21,26,31 * *'],
  ['0 11 11 11 11 ?', '0 11 11 11 11 *'],
  ['*/10 * * * * ?', '0,10,20,30,40,50 * * * * *'],
  ['5/20 * * * * *', '5,25,45 * * * * *'],
  // AWS, the fields alone
  ['0 10 * * ?', '0 10 * * *'],
  ['0 18 ? * MON-FRI', '0 18 * * 1,2,3,4,5'],
  ['0/10 * ? * MON-FRI', '*/10 * * * 1,2,3,4,5'],
  ['0/5 8-17 ? * MON-FRI', '*/5 8-17 * * 1-5'],
  ['0 9 ? * 2#1', '0 9 * * TUE#1'],
]

/** What is written, and what the refusal says to write instead. */
const REFUSED: [written: string, says: RegExp][] = [
  ['@reboot', /no start of a machine/],
  ['@every 5m', /schedule's own every, in milliseconds: 300000/],
  ['@every 1h30m', /own every/],
  ['@noon', /is no macro; there are @yearly/],
  ['@', /is no macro/],
  ['rate(5 minutes)', /own every/],
  ['at(2026-01-01T00:00:00)', /own at/],
  ['cron(0 12 * * ? *)', /the fields alone/],
  ['0 12 * * ? 2026 *', /no year, for which starts_at and ends_at are/],
  ['0 0 12 1 1 ? 2026', /no year/],
  ['Mon..Fri 09:00', /systemd; written here as 0 9 \* \* MON-FRI/],
  ['*-*-* 04:00:00', /systemd/],
  ['2026-01-01 00:00:00', /systemd/],
  ['Mon *-*-1..7 12:00', /systemd/],
  ['daily', /systemd/],
  ['weekly', /systemd/],
  ['P1D', /own every/],
  ['PT15M', /own every/],
  ['H H * * *', /Jenkins/],
  ['H/15 * * * *', /Jenkins/],
  ['H(0-29)/10 * * * *', /Jenkins/],
  ['0~59 * * * *', /other crons; write the number/],
  ['0 0 L-3W * *', /L-3 and LW, and not both/],
  ['0 0 L-31 * *', /days before the last/],
  ['0 0 * * L', /"L" as its day of week/],
  ['60 * * * *', /"60" as its minute/],
  ['* 24 * * *', /"24" as its hour/],
  ['0 0 0 * *', /"0" as its day of month/],
  ['0 0 1 13 *', /"13" as its month/],
  ['0 0 * * 8', /"8" as its day of week/],
  ['*/90 * * * *', /as its minute/],
  ['5/0 * * * *', /as its minute/],
  ['0 0 30 2 *', /never occurs/],
  ['0 0 L-30 2 *', /never occurs/],
  ['every day at nine', /must have 5 fields/],
  ['0 9 * *', /must have 5 fields/],
  ['', /must have 5 fields/],
  ['CRON_TZ=Atlantis/Capital 0 9 * * *', /zone before it that must be the name of an IANA time zone/],
  ['CRON_TZ= 0 9 * * *', /zone before it/],
]

test(`${TAKEN.length} expressions that other schedulers' users write are taken with this meaning`, () => {
  for (const [written, means] of TAKEN) {
    assert.equal(cronFault(written), null, written)
    assert.deepEqual(parseCron(written), parseCron(means), written)
  }
})

test(`${REFUSED.length} are refused with what to write instead`, () => {
  for (const [written, says] of REFUSED) assert.match(cronFault(written) ?? 'it was taken', says, written)
  assert.ok(TAKEN.length + REFUSED.length >= 100)
})

test('so many days before the last one of a month are counted from its end', () => {
  const days = (text: string, count: number) => {
    const times = new CronTimes(text)
    const found: string[] = []
    for (let at = times.next(Date.UTC(2027, 0, 1)); found.length < count; at = times.next(at!)) {
      found.push(new Date(at!).toISOString().slice(5, 10))
    }
    return found
  }
  assert.deepEqual(days('0 0 L-3 * *', 4), ['01-28', '02-25', '03-28', '04-27'])
  assert.deepEqual(days('0 0 L-3,L * *', 4), ['01-28', '01-31', '02-25', '02-28'])
  assert.deepEqual(days('0 0 1,L-1 * *', 4), ['01-30', '02-01', '02-27', '03-01'])
  assert.deepEqual(days('0 0 L-30 * *', 4), ['03-01', '05-01', '07-01', '08-01'])
  assert.deepEqual(days('0 0 L-0 2 *', 2), ['02-28', '02-29'])
})
