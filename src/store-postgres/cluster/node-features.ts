import type { Feature } from '../../core/feature.ts'

/** Another node that lives, and does not know all that this one knows. */
export interface LackingNode {
  name: string
  features: readonly string[]
}

/** What this node has heard, with its last heartbeat, of nodes that know less than it does. */
export class NodeFeatures {
  #lacking: readonly LackingNode[] = []

  /** `lacking` are all of them that live now. */
  heard(lacking: readonly LackingNode[]): void {
    this.#lacking = lacking
  }

  /** Names of living nodes without it. */
  without(feature: Feature): string[] {
    return this.#lacking.filter(({ features }) => !features.includes(feature)).map(({ name }) => name)
  }
}
