import { ApiError, call } from '../../api/client.ts'
import type { Domain } from '../../api/types.ts'
import { Button } from '../../parts/button.tsx'
import { Dialog } from '../../parts/dialog.tsx'
import { Fault } from '../../parts/fault.tsx'
import { Snippet } from '../../parts/snippet.tsx'
import { Ago } from '../../parts/time.tsx'
import { useChange } from '../../parts/use-change.ts'

/** Host and port, without the usual one. */
export function placeOf({ hostname, port }: Domain): string {
  return port === 443 ? hostname : `${hostname}:${port}`
}

/** Tells the file that shows whose a domain is, and has the server look for it. */
export function VerifyDialog({ domain, onClose }: { domain: Domain; onClose: () => void }) {
  const verify = useChange(async () => {
    return (await call<{ domain: Domain }>('POST', `/domains/${domain.id}/verify`)).domain
  })
  const { https } = domain
  return (
    <Dialog title={`Verify ${domain.name}`} isOpen onClose={onClose}>
      <div className="stack">
        <p className="soft">Put a file at this address …</p>
        <Snippet label="Copy the address">{`https://${placeOf(domain)}/${https.context_path}/${https.file_name}`}</Snippet>
        <p className="soft">… with this content, and nothing else:</p>
        <Snippet label="Copy the content">{https.file_content}</Snippet>
        <p className="small soft">
          The server looks for it from where it runs, and follows no redirect. This challenge ends{' '}
          <Ago at={https.expires_at} />.
        </p>
        <div aria-live="polite">
          {verify.data && (
            <p style={{ color: 'var(--good)' }}>
              <strong>It is yours: verified until</strong> <Ago at={verify.data.verified_until} />.
            </p>
          )}
          {verify.error instanceof ApiError && <Fault error={verify.error} />}
        </div>
      </div>
      <div className="form-foot">
        <Button onPress={onClose}>Close</Button>
        <Button kind="primary" autoFocus isDisabled={verify.isPending} onPress={() => verify.mutate()}>
          {verify.isPending ? 'Looking …' : 'Look for it now'}
        </Button>
      </div>
    </Dialog>
  )
}
