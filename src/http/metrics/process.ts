import { monitorEventLoopDelay, performance } from 'node:perf_hooks'
import type { Family } from './exposition.ts'

/** How often the delay of the event loop is looked at; it is known no finer than that. */
const RESOLUTION_MS = 20
const MICROS = 1e6
const NANOS = 1e9

/** What Node.js knows of its own process, under the names that Prometheus's client libraries use. */
export function createProcessFamilies(): () => Family[] {
  const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  delays.enable()
  return () => {
    const lag = { p50: delays.percentile(50), p99: delays.percentile(99), max: delays.max }
    // Each reading tells of the time since the one before.
    delays.reset()
    const { user, system } = process.cpuUsage()
    const { rss, heapUsed, heapTotal, external } = process.memoryUsage()
    const seconds = (nanos: number) => (Number.isFinite(nanos) ? nanos / NANOS : 0)
    return [
      counter('process_cpu_user_seconds_total', 'CPU time in user space, of all threads.', user / MICROS),
      counter('process_cpu_system_seconds_total', 'CPU time in the kernel, of all threads.', system / MICROS),
      gauge('process_resident_memory_bytes', 'Resident memory.', rss),
      gauge('process_start_time_seconds', 'When the process started.', performance.timeOrigin / 1000),
      gauge('nodejs_heap_size_used_bytes', 'Used heap of the main thread.', heapUsed),
      gauge('nodejs_heap_size_total_bytes', 'Heap of the main thread.', heapTotal),
      gauge('nodejs_external_memory_bytes', 'Memory of objects outside of the heap.', external),
      counter(
        'nodejs_eventloop_active_seconds_total',
        'Time in which the main thread was busy.',
        performance.eventLoopUtilization().active / 1000,
      ),
      gauge(
        'nodejs_eventloop_lag_p50_seconds',
        'Median delay of the event loop since the last reading.',
        seconds(lag.p50),
      ),
      gauge('nodejs_eventloop_lag_p99_seconds', '99th percentile of that delay.', seconds(lag.p99)),
      gauge('nodejs_eventloop_lag_max_seconds', 'Longest of those delays.', seconds(lag.max)),
    ]
  }
}

function counter(name: string, help: string, value: number): Family {
  return { name, help, type: 'counter', samples: [{ value }] }
}

function gauge(name: string, help: string, value: number): Family {
  return { name, help, type: 'gauge', samples: [{ value }] }
}
