/** "a", "a and b", "a, b and c". */
export function listed(items: readonly string[]): string {
  const last = items.at(-1) ?? ''
  return items.length < 2 ? last : `${items.slice(0, -1).join(', ')} and ${last}`
}

/** Ascending numbers as a list, in which three or more that follow each other are "1 to 3". */
export function listedNumbers(numbers: readonly number[], wordOf: (number: number) => string): string {
  return listed(runsOf(numbers).flatMap((run) => inWords(run, wordOf)))
}

function inWords(run: readonly number[], wordOf: (number: number) => string): string[] {
  return run.length < 3 ? run.map(wordOf) : [`${wordOf(run[0]!)} to ${wordOf(run.at(-1)!)}`]
}

function runsOf(numbers: readonly number[]): number[][] {
  const runs: number[][] = []
  for (const number of numbers) {
    if (runs.at(-1)?.at(-1) === number - 1) runs.at(-1)!.push(number)
    else runs.push([number])
  }
  return runs
}

/** "1st", "22nd", "13th". */
export function ordinal(number: number): string {
  const teen = number % 100 >= 11 && number % 100 <= 13
  const ending = teen ? 'th' : (['th', 'st', 'nd', 'rd'][number % 10] ?? 'th')
  return `${number}${ending}`
}

/** "1 day", "2 days". */
export function counted(count: number, unit: string): string {
  return `${count} ${unit}${count === 1 ? '' : 's'}`
}

/** A number in two digits, as in times of the day. */
export function twoDigits(number: number): string {
  return String(number).padStart(2, '0')
}

export const MONTH_NAMES = [
  ...['January', 'February', 'March', 'April', 'May', 'June'],
  ...['July', 'August', 'September', 'October', 'November', 'December'],
]
