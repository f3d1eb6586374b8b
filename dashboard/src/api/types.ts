/** What the API answers, as far as the pages show it. What is optional may be missing on a server without it. */
export interface Ref {
  id: string
  /** Its id, where it was given none. */
  name: string
}

export type Schema = Record<string, unknown>

export interface Queue {
  id: string
  name: string
  schema?: Schema
  listeners: Ref[]
  created_at: number
  updated_at: number
  paused: boolean
  pending_count: number
}

export type LivenessState = 'stable' | 'unstable' | 'down' | 'unknown'

export interface Liveness {
  state: LivenessState
  success_count: number
  last_success_at: number | null
  failure_count: number
  last_failure_status: number | null
  last_failure_at: number | null
  last_failure_msg: string | null
}

interface Retry {
  max_attempts: number
  initial_delay: number
  max_delay: number
  multiplier: number
}

export interface Listener {
  id: string
  name: string
  liveness: Liveness
  messages: {
    acknowledged_count: number
    last_success_at: number | null
    last_failure_at: number | null
    missed: string[]
    missed_count: number
    pending_count: number
  }
  notify_url?: string | null
  liveness_url?: string | null
  status?: 'enabled' | 'disabled'
  retry?: Retry
  timeout?: number
  max_concurrency?: number
  rate_limit?: { requests: number; per: number } | null
  ordering?: 'none' | 'queue' | 'key'
  on_missed?: 'continue' | 'block'
  headers?: Record<string, string>
}

export type MessageStatus = 'scheduled' | 'pending' | 'delivered' | 'missed'

export interface Delivery {
  listener_id: string
  status: 'pending' | 'delivered' | 'missed'
  attempts: number
  last_attempt_at: number | null
  next_attempt_at: number | null
}

export interface Message {
  id: string
  /** Its id, where it was given none. */
  name: string
  key?: string
  data: string
  created_at: number
  deliver_at: number
  status: MessageStatus
  deliveries: Delivery[]
}

export interface Attempt {
  listener_id: string
  number: number
  started_at: number
  duration: number
  status?: number
  error?: string
  response?: string
}

export interface Schedule {
  id: string
  name: string
  cron?: string
  every?: number
  at?: number
  timezone?: string
  data: string
  message_name?: string | null
  starts_at?: number | null
  ends_at?: number | null
  paused?: boolean
  catch_up?: 'none' | 'last' | 'all'
  next_runs: number[]
  last_run_at: number | null
  last_message_id: string | null
  run_count: number
}

export interface Scope {
  resource: string
  access: 'read' | 'write'
  targets: string | string[]
}

export interface ApiKey {
  id: string
  /** Its id, where it was given none. */
  name: string
  created_at: number
  updated_at: number
  last_used_at: number | null
  key: string
  status: 'enabled' | 'disabled'
  scopes?: Scope[]
  owner?: boolean
}

type Limits = Record<string, number | null>

export interface Organization {
  id: string
  name: string
  status: 'active' | 'frozen'
  limits: Limits
  created_at: number
  updated_at: number
  root?: boolean
}

export interface Domain {
  id: string
  name: string
  hostname: string
  port: number
  status: 'pending' | 'verified'
  verified_at: number | null
  verified_until: number | null
  https: { context_path: string; file_name: string; file_content: string; created_at: number; expires_at: number }
  created_at: number
  updated_at: number
}

export type EventType =
  | 'api_key_added'
  | 'api_key_updated'
  | 'api_key_deleted'
  | 'queue_added'
  | 'queue_updated'
  | 'queue_deleted'
  | 'listener_added'
  | 'listener_updated'
  | 'listener_deleted'
  | 'message_added'
  | 'message_published_ok'
  | 'message_published_not_ok'

export type Counts = Partial<Record<EventType, number>>

export interface UsageEvent {
  id: string
  type: EventType
  stored_at: number
  client: Ref
  api_key?: Ref
  queue?: Ref
  listener?: Ref
  message?: Ref
}

interface Latency {
  count: number
  p50: number | null
  p95: number | null
  p99: number | null
}

export interface Bucket {
  start: number
  counts: Counts
  delivery_latency?: Latency
}

export interface PartStats {
  id: string
  name: string
  queue_id?: string
  counts: Counts
  delivery_latency: Latency
}

export interface Stats {
  aggregated_api_usage_events: Record<'last_24_hours' | 'last_1_hours' | 'today_so_far', Counts>
  series?: Bucket[]
  queues?: PartStats[]
  listeners?: PartStats[]
}

export interface Redelivery {
  id: string
  /** Begun anew so far. */
  matched: number
  /** Whether all that fit were looked at. */
  done: boolean
}

export interface ScheduleRun {
  due_at: number
  ran_at: number
  message_id: string | null
  error?: string
}

export type LinkMap = Record<string, { href: string }>
