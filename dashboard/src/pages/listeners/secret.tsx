import { Button } from '../../parts/button.tsx'
import { Snippet } from '../../parts/snippet.tsx'

/** Shown once: closing it takes a press. */
export function Secret({ text, onClose }: { text: string; onClose: () => void }) {
  return (
    <div className="stack">
      <p className="soft">
        Deliveries are signed with it, by the Standard Webhooks specification. It is shown only this once: copy it to
        where the listener verifies signatures.
      </p>
      <Snippet label="Copy the secret">{text}</Snippet>
      <div className="form-foot">
        <Button kind="primary" onPress={onClose}>
          I have copied it
        </Button>
      </div>
    </div>
  )
}
