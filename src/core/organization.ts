/** The tenant that owns keys, queues and everything in them; the API also says *api client*. */
export interface Organization {
  id: string
  name: string
  /** The one that the root key belongs to; it cannot be deleted. */
  root: boolean
  createdAt: number
  updatedAt: number
}

export const ROOT_ORGANIZATION_NAME = 'root'
