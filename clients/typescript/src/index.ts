export type { Listener, Message, PulledMessage, Queue, Schedule } from '../../../docs/api/types.ts'
export { bytesOf, type MessageBody, textOf } from './body.ts'
export {
  Discue,
  type MessageFilter,
  type NewMessage,
  type Options,
  type PullOptions,
  type RequestOptions,
} from './client.ts'
export { type DeduplicationStore, MemoryDeduplication } from './deduplication.ts'
export {
  ApiError,
  AuthenticationError,
  ConflictError,
  ConnectionError,
  NotFoundError,
  PermissionError,
  RateLimitError,
  UnavailableError,
  ValidationError,
} from './errors.ts'
export { fetchReceiver, nodeReceiver, type ReceiverOptions } from './receiver.ts'
export type { ClientOptions } from './transport.ts'
export { type Delivery, type HeaderFields, type VerifyOptions, verify, WebhookError } from './webhook.ts'
export { PullWorker, type WorkerOptions } from './worker.ts'
