/** Where messages are posted; every listener of it gets every message. */
export interface Queue {
  id: string
  organizationId: string
  name: string
  createdAt: number
  updatedAt: number
  /**
   * Grows with everything that decides what an accepted message becomes, such as a listener that comes or goes.
   * An accept names the version that it read, so that a stale cache can never lose a listener a message.
   */
  version: number
}
