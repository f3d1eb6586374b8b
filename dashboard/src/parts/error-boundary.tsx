import { Component, type ReactNode } from 'react'
import { Button } from './button.tsx'

/**
 * What a part of the page throws ends here, and not the whole page: most likely a file of a version that the server
 * does not have any more, or one that could not be fetched.
 */
export class ErrorBoundary extends Component<{ children: ReactNode }, { error: Error | null }> {
  override state: { error: Error | null } = { error: null }

  static getDerivedStateFromError(error: Error) {
    return { error }
  }

  override render() {
    const { error } = this.state
    if (error === null) return this.props.children
    return (
      <div className="empty" role="alert">
        <h2>This part of the page does not work</h2>
        <p>The server may have been updated meanwhile, or cannot be reached. Reloading the page usually helps.</p>
        <p className="small mono">{error.message}</p>
        <Button kind="primary" onPress={() => location.reload()}>
          Reload the page
        </Button>
      </div>
    )
  }
}
