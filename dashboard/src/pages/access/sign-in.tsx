import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { ApiError, call } from '../../api/client.ts'
import { session } from '../../api/session.ts'
import icon from '../../icon.svg'
import { Field } from '../../parts/field.tsx'
import { Form } from '../../parts/form.tsx'

/** Signing in is having a key that the server knows; what it may do shows on each page. */
export function SignInPage() {
  const [key, setKey] = useState('')
  const signIn = useMutation({
    mutationFn: async (text: string) => {
      try {
        await call('GET', '/queues', { key: text, query: { per_page: 1 }, probing: true })
      } catch (error) {
        // The key is good, and only lacks this scope; but 403 is also an address that is kept out.
        if (!(error instanceof ApiError) || !error.isForbidden) throw error
      }
      return text
    },
    onSuccess: session.begin,
  })
  const ended = session.ending() === 'rejected' && signIn.isIdle
  return (
    <main className="sign-in">
      <div className="sign-in-card">
        <div className="stack">
          <img src={icon} alt="" width={44} height={44} />
          <h1>Sign in to discue</h1>
          <p className="soft">
            With an API key of this server. The first start showed the root key; it stays in this tab and is gone when
            you close it.
          </p>
        </div>
        {ended && (
          <p className="notice" role="alert">
            The key does not work any more: it was deleted or disabled.
          </p>
        )}
        <Form
          verb={signIn.isPending ? 'Signing in …' : 'Sign in'}
          isPending={signIn.isPending}
          isDisabled={key.trim() === ''}
          error={signIn.error}
          onSubmit={() => signIn.mutate(key.trim())}
        >
          <Field label="API key" type="password" value={key} onChange={setKey} autoFocus mono name="api-key" />
        </Form>
        <p className="small soft">
          No key at hand? <a href="reference">Browse the API</a> meanwhile.
        </p>
      </div>
    </main>
  )
}
