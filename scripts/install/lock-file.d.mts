interface InstalledPackage {
  version?: string
  integrity?: string
  dev?: boolean
  optional?: boolean
  devOptional?: boolean
}

export function isAllInstalled(
  lock: Record<string, InstalledPackage>,
  installed: Record<string, InstalledPackage>,
  what: { development: boolean },
): boolean
