import './styles/tokens.css'
import './styles/base.css'
import './styles/shell.css'
import './styles/parts.css'
import './styles/pages.css'
import { QueryClientProvider } from '@tanstack/react-query'
import { I18nProvider } from 'react-aria-components'
import { createRoot } from 'react-dom/client'
import { cache } from './api/cache.ts'
import { App } from './app.tsx'
import { applyTheme } from './parts/theme.ts'
import { Toasts } from './parts/toasts.tsx'

applyTheme()
createRoot(document.getElementById('root')!).render(
  <QueryClientProvider client={cache}>
    <I18nProvider locale="en-GB">
      <App />
      <Toasts />
    </I18nProvider>
  </QueryClientProvider>,
)
