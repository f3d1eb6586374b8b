import { X } from 'lucide-react'
import { useState } from 'react'
import { Button, IconButton } from '../../parts/button.tsx'
import { DAY_MS, RANGES_MS, type Range, rangeText } from '../../words/range.ts'

/** The time that the charts of a page show, and how to pick a part of it out. */
export interface RangeState {
  range: Range
  setRange: (range: Range) => void
}

/** A day, until another time is chosen. */
export function useRange(): RangeState {
  const [range, setRange] = useState<Range>({ lastMs: DAY_MS })
  return { range, setRange }
}

/** Chooses how far back the charts go; a part that was dragged out of one is shown, and given up again. */
export function RangePicker({ range, setRange }: RangeState) {
  const isPicked = !('lastMs' in range)
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset has looks of its own that cannot be taken away everywhere
    <div className="ranges" role="group" aria-label="Time shown">
      {RANGES_MS.map((lastMs) => (
        <Button
          key={lastMs}
          size="small"
          kind="quiet"
          aria-pressed={!isPicked && range.lastMs === lastMs}
          onPress={() => setRange({ lastMs })}
        >
          {rangeText({ lastMs })}
        </Button>
      ))}
      {isPicked && (
        <span className="row small num">
          {rangeText(range)}
          <IconButton icon={X} size="small" label="Show a day again" onPress={() => setRange({ lastMs: DAY_MS })} />
        </span>
      )}
    </div>
  )
}
