import { useQueryClient } from '@tanstack/react-query'
import {
  Activity,
  BookOpen,
  Building2,
  CalendarClock,
  Globe,
  Inbox,
  KeyRound,
  Layers,
  LogOut,
  type LucideIcon,
  Menu,
  Monitor,
  Moon,
  Scale,
  Search,
  Sun,
  X,
} from 'lucide-react'
import { type ReactNode, Suspense, useEffect, useState } from 'react'
import { Dialog, Modal, ModalOverlay } from 'react-aria-components'
import { Link, useLocation } from 'wouter'
import { ApiError } from './api/client.ts'
import { type LiveState, useLiveState } from './api/live.ts'
import { usePowers } from './api/queries.ts'
import { session } from './api/session.ts'
import icon from './icon.svg'
import { lazyPage } from './lazy-page.ts'
import { usePalette } from './palette/use-palette.ts'
import { Button, IconButton } from './parts/button.tsx'
import { useTheme } from './parts/theme.ts'

const Palette = lazyPage(async () => (await import('./palette/palette.tsx')).Palette)

type Entry = [title: string, to: string, icon: LucideIcon]

const DAILY: Entry[] = [
  ['Overview', '/', Activity],
  ['Queues', '/queues', Layers],
  ['Messages', '/messages', Inbox],
  ['Schedules', '/schedules', CalendarClock],
]
const RECORDS: Entry[] = [
  ['Usage events', '/events', BookOpen],
  ['Ledger', '/ledger', Scale],
]
const LIVE_WORDS: Record<LiveState, string> = {
  connecting: 'Connecting',
  on: 'Live',
  lost: 'Connection lost, trying again',
  off: 'Not live: asks every 5 s',
}

/** The frame around every page. */
export function Shell({ children }: { children: ReactNode }) {
  const [open, setOpen] = useState(false)
  const [finding, setFinding] = usePalette()
  const [location] = useLocation()
  useEffect(() => {
    if (location !== '') setOpen(false)
  }, [location])
  return (
    <>
      <button type="button" className="skip" onClick={focusMain}>
        Skip to the content
      </button>
      <div className="shell">
        <aside className="side" aria-label="Navigation">
          <Side onFind={() => setFinding(true)} />
        </aside>
        <header className="bar">
          <Brand />
          <div className="row">
            <IconButton icon={Search} label="Search" onPress={() => setFinding(true)} />
            <IconButton icon={Menu} label="Open the menu" onPress={() => setOpen(true)} />
          </div>
        </header>
        <main id="main" className="main" tabIndex={-1}>
          <Unreachable />
          {children}
        </main>
      </div>
      <ModalOverlay className="veil" isOpen={open} onOpenChange={setOpen} isDismissable>
        <Modal className="modal sheet">
          <Dialog className="dialog" aria-label="Menu">
            <div className="side">
              <Side
                close={<IconButton icon={X} label="Close the menu" onPress={() => setOpen(false)} />}
                onFind={() => {
                  setOpen(false)
                  setFinding(true)
                }}
              />
            </div>
          </Dialog>
        </Modal>
      </ModalOverlay>
      <Suspense>{finding && <Palette onClose={() => setFinding(false)} />}</Suspense>
    </>
  )
}

/** Not a link: the address behind the # is the router's. */
function focusMain(): void {
  document.getElementById('main')?.focus()
}

function Brand() {
  return (
    <Link href="/" className="brand">
      <img src={icon} alt="" />
      discue
    </Link>
  )
}

function Side({ close, onFind }: { close?: ReactNode; onFind: () => void }) {
  const powers = usePowers().data
  const admin: Entry[] = [
    ...(powers?.owner ? [['API keys', '/api-keys', KeyRound] satisfies Entry] : []),
    ...(powers?.domains ? [['Domains', '/domains', Globe] satisfies Entry] : []),
    ...(powers?.root ? [['Organizations', '/organizations', Building2] satisfies Entry] : []),
  ]
  return (
    <>
      <div className="spread">
        <Brand />
        {close}
      </div>
      <Button icon={Search} onPress={onFind} aria-keyshortcuts="Control+K">
        Search <kbd className="small faint">Ctrl K</kbd>
      </Button>
      <nav className="nav" aria-label="Pages">
        {DAILY.map(navLink)}
        <div className="nav-title">Records</div>
        {RECORDS.map(navLink)}
        {admin.length > 0 && <div className="nav-title">Administration</div>}
        {admin.map(navLink)}
      </nav>
      <Foot />
    </>
  )
}

function navLink([title, to, Icon]: Entry) {
  return <NavLink key={to} title={title} to={to} icon={Icon} />
}

function NavLink({ title, to, icon: Icon }: { title: string; to: string; icon: LucideIcon }) {
  const [location] = useLocation()
  const here = to === '/' ? location === '/' : location === to || location.startsWith(`${to}/`)
  return (
    <Link href={to} aria-current={here ? 'page' : undefined}>
      <Icon size={16} aria-hidden />
      {title}
    </Link>
  )
}

const THEME_ICONS = { system: Monitor, light: Sun, dark: Moon }

function Foot() {
  const state = useLiveState()
  const [theme, nextTheme] = useTheme()
  return (
    <div className="side-foot">
      <div className="live" data-state={state} role="status">
        {LIVE_WORDS[state]}
      </div>
      <div className="side-foot-row">
        <IconButton icon={THEME_ICONS[theme]} label={`Theme: ${theme}. Change it`} onPress={nextTheme} />
        <a className="button" data-kind="quiet" href="reference">
          API reference
        </a>
        <IconButton icon={LogOut} label="Sign out" onPress={() => session.end('none')} />
      </div>
    </div>
  )
}

/** Whether what was asked last got no answer, or one that says to come back. */
function Unreachable() {
  const [trouble, setTrouble] = useState<string | null>(null)
  const client = useQueryClient()
  useEffect(
    () =>
      client.getQueryCache().subscribe(({ query }) => {
        const failureReason = query.state.fetchFailureReason
        if (failureReason instanceof ApiError && failureReason.passes) setTrouble(failureReason.message)
        else if (query.state.status === 'success' && query.state.fetchStatus === 'idle') setTrouble(null)
      }),
    [client],
  )
  if (trouble === null) return null
  return (
    <div className="notice" role="alert">
      <span className="grow">{trouble} What is shown may be old; the page goes on trying.</span>
    </div>
  )
}
