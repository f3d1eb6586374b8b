import { auth } from './auth.tsx'
import { filter } from './filter.tsx'
import { headers } from './headers.tsx'
import { limits } from './limits.tsx'
import { order } from './order.tsx'
import { retries } from './retries.tsx'
import type { Section } from './section.ts'
import { signature } from './signature.tsx'

/** The settings of a listener beside its name and address, in the order in which they are shown. */
export const SECTIONS: readonly Section[] = [filter, order, limits, retries, headers, auth, signature]
