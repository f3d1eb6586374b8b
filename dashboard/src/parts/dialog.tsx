import type { ReactNode } from 'react'
import { Dialog as AriaDialog, Heading, Modal, ModalOverlay } from 'react-aria-components'

/**
 * Over the page, with the focus kept in it; Escape and a click beside it close it, unless `pinned` says that what it
 * shows would be lost.
 */
export function Dialog({
  title,
  isOpen,
  onClose,
  size,
  pinned = false,
  children,
}: {
  title: string
  isOpen: boolean
  onClose: () => void
  size?: 'wide'
  pinned?: boolean
  children: ReactNode
}) {
  return (
    <ModalOverlay
      className="veil"
      isOpen={isOpen}
      isDismissable={!pinned}
      isKeyboardDismissDisabled={pinned}
      onOpenChange={(open) => !open && onClose()}
    >
      <Modal className="modal" data-size={size}>
        <AriaDialog className="dialog">
          <Heading slot="title" level={2}>
            {title}
          </Heading>
          {children}
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  )
}
