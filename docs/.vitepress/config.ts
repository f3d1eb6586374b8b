import { existsSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitepress'

const api = fileURLToPath(new URL('../reference/api', import.meta.url))
/** Made by scripts/api-pages.mjs before the site is built. */
const apiPages = existsSync(api) ? readdirSync(api).filter((name) => name !== 'index.md') : []
const titled = (name: string) => {
  const words = name.replace(/\.md$/, '').replaceAll('-', ' ')
  return { text: words.charAt(0).toUpperCase() + words.slice(1), link: `/reference/api/${name.replace(/\.md$/, '')}` }
}

export default defineConfig({
  title: 'discue',
  description: 'A self-hosted server that stores messages and delivers them by HTTP, now or later',
  lang: 'en',
  srcExclude: ['decisions/**', 'node_modules/**'],
  cleanUrls: true,
  lastUpdated: false,
  head: [['link', { rel: 'icon', type: 'image/svg+xml', href: '/mark.svg' }]],
  themeConfig: {
    logo: '/mark.svg',
    search: { provider: 'local', options: { detailedView: true } },
    outline: { level: [2, 3] },
    nav: [
      { text: 'Start', link: '/start' },
      { text: 'Guides', link: '/guides/receive' },
      { text: 'Reference', link: '/reference/configuration' },
    ],
    sidebar: [
      {
        text: 'Begin',
        items: [
          { text: 'First message in two minutes', link: '/start' },
          { text: 'How it works', link: '/concepts' },
        ],
      },
      {
        text: 'Guides',
        items: [
          { text: 'Receive and verify', link: '/guides/receive' },
          { text: 'Verify with a public key', link: '/guides/public-keys' },
          { text: 'Authenticate to a receiver', link: '/guides/authentication' },
          { text: 'Retries and repetitions', link: '/guides/retries' },
          { text: 'Listen on a laptop', link: '/guides/listen' },
          { text: 'Pull instead of push', link: '/guides/pull' },
          { text: 'Schemas and pauses', link: '/guides/queues' },
          { text: 'Later, and again and again', link: '/guides/schedules' },
          { text: 'Filter by name and content', link: '/guides/filters' },
          { text: 'Keep the order', link: '/guides/ordering' },
          { text: 'Test with a clock you move', link: '/guides/manual-clock' },
          { text: 'Install', link: '/guides/install' },
          { text: 'Go to production', link: '/guides/production' },
          { text: 'Many nodes on PostgreSQL', link: '/guides/postgresql' },
          { text: 'Grow', link: '/scaling' },
          { text: 'Back up and restore', link: '/guides/backups' },
          { text: "Erase a person's data", link: '/guides/erasing' },
          { text: 'The dashboard', link: '/guides/dashboard' },
          { text: 'Watch it', link: '/guides/monitoring' },
          { text: 'Be told what happens', link: '/guides/notifications' },
          { text: 'Is everything accounted for?', link: '/guides/ledger' },
          { text: 'How it was tested', link: '/guides/torture' },
          { text: 'Troubleshooting', link: '/guides/troubleshooting' },
          { text: 'Send through a proxy', link: '/guides/egress' },
          { text: 'Security', link: '/guides/security' },
          { text: 'Organizations and limits', link: '/guides/organizations' },
          { text: 'Terraform', link: '/guides/terraform' },
          { text: 'Coming from another system', link: '/guides/moving' },
        ].filter(({ link }) => existsSync(fileURLToPath(new URL(`..${link}.md`, import.meta.url)))),
      },
      {
        text: 'Reference',
        items: [
          { text: 'Configuration', link: '/reference/configuration' },
          { text: 'Command line', link: '/reference/command-line' },
          { text: 'What a listener receives', link: '/reference/delivery' },
          { text: 'Errors, and what to do', link: '/reference/errors' },
          { text: 'Limits', link: '/reference/limits' },
          { text: 'What a version promises', link: '/reference/versions' },
          { text: 'HTTP API: common to all', link: '/reference/http' },
          { text: 'HTTP API: operations', link: '/reference/api/', collapsed: true, items: apiPages.map(titled) },
        ],
      },
    ],
    docFooter: { prev: 'Before', next: 'Next' },
  },
})
