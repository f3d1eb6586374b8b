import { Suspense, useEffect } from 'react'
import { Redirect, Route, Router, Switch, useLocation } from 'wouter'
import { useHashAddress } from './address.ts'
import { cache } from './api/cache.ts'
import { useLiveStream } from './api/live.ts'
import { useSessionKey } from './api/session.ts'
import { lazyPage } from './lazy-page.ts'
import { SignInPage } from './pages/access/sign-in.tsx'
import { OverviewPage } from './pages/overview/overview.tsx'
import { ErrorBoundary } from './parts/error-boundary.tsx'
import { Shell } from './shell.tsx'

const QueuesPage = lazyPage(async () => (await import('./pages/queues/queues.tsx')).QueuesPage)
const QueuePage = lazyPage(async () => (await import('./pages/queues/queue.tsx')).QueuePage)
const ListenerPage = lazyPage(async () => (await import('./pages/listeners/listener.tsx')).ListenerPage)
const MessagesPage = lazyPage(async () => (await import('./pages/messages/messages.tsx')).MessagesPage)
const MessagePage = lazyPage(async () => (await import('./pages/messages/message.tsx')).MessagePage)
const SchedulesPage = lazyPage(async () => (await import('./pages/schedules/schedules.tsx')).SchedulesPage)
const SchedulePage = lazyPage(async () => (await import('./pages/schedules/schedule.tsx')).SchedulePage)
const EventsPage = lazyPage(async () => (await import('./pages/messages/events.tsx')).EventsPage)
const LedgerPage = lazyPage(async () => (await import('./pages/overview/ledger.tsx')).LedgerPage)
const ApiKeysPage = lazyPage(async () => (await import('./pages/access/api-keys.tsx')).ApiKeysPage)
const DomainsPage = lazyPage(async () => (await import('./pages/access/domains.tsx')).DomainsPage)
const OrganizationsPage = lazyPage(async () => (await import('./pages/access/organizations.tsx')).OrganizationsPage)

/** Without a key there is one page. Addresses are behind the #, since the paths before it are the API's. */
export function App() {
  const key = useSessionKey()
  useEffect(() => {
    // What one key was shown is not for the next one.
    if (key === null) cache.clear()
  }, [key])
  if (key === null) return <SignInPage />
  return (
    <Router hook={useHashAddress}>
      <SignedIn key={key} apiKey={key} />
    </Router>
  )
}

function SignedIn({ apiKey }: { apiKey: string }) {
  useLiveStream(apiKey)
  const [location] = useLocation()
  useEffect(() => {
    if (location !== '') window.scrollTo(0, 0)
  }, [location])
  return (
    <Shell>
      <ErrorBoundary key={location}>
        <Suspense fallback={<div className="bones" style={{ minHeight: 300 }} />}>
          <Switch>
            <Route path="/" component={OverviewPage} />
            <Route path="/queues" component={QueuesPage} />
            <Route path="/queues/:queueId/listeners/:listenerId/:tab?">
              {({ queueId, listenerId, tab }) => (
                <ListenerPage key={listenerId} queueId={queueId} listenerId={listenerId} tab={tab} />
              )}
            </Route>
            <Route path="/queues/:queueId/messages/:messageId">
              {({ queueId, messageId }) => <MessagePage key={messageId} queueId={queueId} messageId={messageId} />}
            </Route>
            <Route path="/queues/:queueId/schedules/:scheduleId">
              {({ queueId, scheduleId }) => <SchedulePage key={scheduleId} queueId={queueId} scheduleId={scheduleId} />}
            </Route>
            <Route path="/queues/:queueId/:tab?">
              {({ queueId, tab }) => <QueuePage key={queueId} queueId={queueId} tab={tab ?? 'listeners'} />}
            </Route>
            <Route path="/messages" component={MessagesPage} />
            <Route path="/schedules" component={SchedulesPage} />
            <Route path="/events" component={EventsPage} />
            <Route path="/ledger" component={LedgerPage} />
            <Route path="/api-keys" component={ApiKeysPage} />
            <Route path="/domains" component={DomainsPage} />
            <Route path="/organizations" component={OrganizationsPage} />
            <Route>
              <Redirect to="/" />
            </Route>
          </Switch>
        </Suspense>
      </ErrorBoundary>
    </Shell>
  )
}
