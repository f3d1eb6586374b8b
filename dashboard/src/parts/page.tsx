import { ChevronRight } from 'lucide-react'
import { Fragment, type ReactNode, useEffect } from 'react'
import { Link } from 'wouter'

/** A page with its title; `trail` leads back up. */
export function Page({
  title,
  trail = [],
  badge,
  lead,
  actions,
  children,
}: {
  title: string
  trail?: [string, string][]
  badge?: ReactNode
  lead?: ReactNode
  actions?: ReactNode
  children: ReactNode
}) {
  useEffect(() => {
    document.title = `${title} · discue`
  }, [title])
  return (
    <div className="page">
      <header className="page-head">
        <div className="page-head-words">
          {trail.length > 0 && (
            <nav className="trail" aria-label="Breadcrumb">
              {trail.map(([name, to], index) => (
                <Fragment key={to}>
                  {index > 0 && <ChevronRight size={13} aria-hidden />}
                  <Link href={to}>{name}</Link>
                </Fragment>
              ))}
            </nav>
          )}
          <div className="title-line">
            <h1>{title}</h1>
            {badge}
          </div>
          {lead && <div className="soft">{lead}</div>}
        </div>
        {actions && <div className="page-head-actions">{actions}</div>}
      </header>
      {children}
    </div>
  )
}

export function Card({
  title,
  side,
  flush,
  children,
}: {
  title?: string
  side?: ReactNode
  flush?: boolean
  children: ReactNode
}) {
  return (
    <section className="card" aria-label={title}>
      {title && (
        <div className="card-head">
          <h2>{title}</h2>
          {side}
        </div>
      )}
      {flush ? <div style={{ paddingTop: 14 }}>{children}</div> : <div className="card-body">{children}</div>}
    </section>
  )
}

export function Figures({ children }: { children: ReactNode }) {
  return <dl className="figures">{children}</dl>
}

export function Figure({
  label,
  value,
  note,
  tone,
}: {
  label: string
  value: ReactNode
  note?: ReactNode
  tone?: 'bad' | 'wait'
}) {
  return (
    <div className="figure" data-tone={tone}>
      <dt>{label}</dt>
      <dd>{value}</dd>
      {note && <dd>{note}</dd>}
    </div>
  )
}

export function Facts({ facts }: { facts: [string, ReactNode][] }) {
  return (
    <dl className="facts">
      {facts.map(([name, value]) => (
        <Fragment key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </Fragment>
      ))}
    </dl>
  )
}
