import { looksPrivate, privateKeyFault } from '../../core/delivery/credentials/private-key.ts'
import { urlFault } from '../../core/delivery/listener.ts'
import { keyFault } from '../../core/delivery/message.ts'
import { receiptFault } from '../../core/delivery/pull.ts'
import { secretFault } from '../../core/delivery/signature.ts'
import { base64Fault, contentTypeFault } from '../../core/message/body.ts'
import { aliasFault, nameFault } from '../../core/name.ts'
import { periodFault } from '../../core/schedule/calendar-period.ts'
import { cronFault } from '../../core/schedule/cron.ts'
import { zoneFault } from '../../core/schedule/zone.ts'
import { hostnameFault } from '../../core/tenant/domain.ts'
import { unicodeFault } from '../../core/well-formed.ts'

/**
 * The rules of single texts, as formats that schemas name. Each says why a text is refused, or null: the validator
 * takes the verdict and the answer takes the reason from the same function.
 */
export const formats: Record<string, (text: string) => string | null> = {
  name: nameFault,
  alias: aliasFault,
  target: urlFault,
  secret: keyOfEitherKindFault,
  'secret-or-rotate': orRotate(keyOfEitherKindFault),
  'private-key': privateKeyFault,
  'private-key-or-rotate': orRotate(privateKeyFault),
  'message-key': keyFault,
  'media-type': contentTypeFault,
  base64: base64Fault,
  cron: cronFault,
  period: periodFault,
  timezone: zoneFault,
  'host-name': hostnameFault,
  receipt: receiptFault,
  unicode: unicodeFault,
}

/** Which kind fits a listener, a use case says. */
function keyOfEitherKindFault(text: string): string | null {
  return looksPrivate(text) ? privateKeyFault(text) : secretFault(text)
}

function orRotate(faultOf: (text: string) => string | null) {
  return (text: string): string | null => {
    const fault = text === 'rotate' ? null : faultOf(text)
    return fault === null ? null : `${fault}, or "rotate"`
  }
}

/** The formats in the validator's own form. */
export function validatorFormats(): Record<string, (text: string) => boolean> {
  return Object.fromEntries(Object.entries(formats).map(([name, fault]) => [name, (text) => fault(text) === null]))
}
