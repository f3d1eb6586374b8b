import type { Command } from 'commander'
import { openContext } from './context.ts'
import { showOne } from './show.ts'

export function addVerify(program: Command): void {
  program
    .command('verify')
    .description('the books: every delivery that was accepted is accounted for')
    .action(async (_, command) => {
      const { api, terminal } = openContext(command)
      showOne(terminal, await api.call('GET', '/ledger'))
    })
}
