import { type Spread, showNumber } from './spread.ts'

/** One bar: how long, and between which values its rounds lay. */
export type Bar = { name: string } & Spread

const WIDTH = 760
const NAMES = 190
const FIGURES = 150
const BAR = 22
const ROW = 36
const TOP = 56

/** A chart of horizontal bars as SVG, readable on light and dark pages; the first bar is the one to compare with. */
export function drawBars({ title, unit, bars }: { title: string; unit: string; bars: readonly Bar[] }): string {
  const longest = Math.max(...bars.map(({ max }) => max))
  const scale = (value: number) => (longest === 0 ? 0 : (value / longest) * (WIDTH - NAMES - FIGURES))
  const height = TOP + bars.length * ROW + 12
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escaped(title)}">`,
    '<style>text{font:14px system-ui,sans-serif;fill:#57606a}.title{font-weight:600}.first{fill:#8c959f}.bar{fill:#2f81f7}.range{stroke:#57606a;stroke-width:1.5}</style>',
    `<text class="title" x="8" y="22">${escaped(title)}</text>`,
    `<text x="8" y="42">${escaped(unit)}, median and range of the rounds</text>`,
    ...bars.map((bar, place) => drawBar(bar, place, scale)),
    '</svg>',
    '',
  ].join('\n')
}

function drawBar({ name, median, min, max }: Bar, place: number, scale: (value: number) => number): string {
  const top = TOP + place * ROW
  const middle = top + BAR / 2
  const [from, to] = [NAMES + scale(min), NAMES + scale(max)]
  return [
    `<text x="8" y="${middle + 5}">${escaped(name)}</text>`,
    `<rect class="${place === 0 ? 'first' : 'bar'}" x="${NAMES}" y="${top}" width="${scale(median).toFixed(1)}" height="${BAR}"/>`,
    `<line class="range" x1="${from.toFixed(1)}" x2="${to.toFixed(1)}" y1="${middle}" y2="${middle}"/>`,
    `<text x="${(to + 8).toFixed(1)}" y="${middle + 5}">${showNumber(median, median < 10 ? 2 : 0)}</text>`,
  ].join('')
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
}
