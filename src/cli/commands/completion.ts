import { Argument, type Command, Option } from 'commander'
import type { Api } from '../client/api-types.ts'
import { openContext } from '../client/context.ts'

/** Asked by the scripts below at each tab; not for people. */
const ASK = '__complete'

const SCRIPTS = {
  bash: `_discue() {
  local IFS=$'\\n'
  COMPREPLY=($(compgen -W "$(discue ${ASK} -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _discue discue`,
  zsh: `#compdef discue
_discue() {
  local -a candidates
  candidates=(\${(f)"$(discue ${ASK} -- "\${(@)words[2,CURRENT]}" 2>/dev/null)"})
  compadd -a candidates || _files
}
compdef _discue discue`,
  fish: `complete -c discue -a '(discue ${ASK} -- (commandline -opc)[2..] (commandline -ct) 2>/dev/null)'`,
}

export function addCompletion(program: Command): void {
  program
    .command('completion')
    .description('the script that has your shell complete commands, options and names of queues')
    .addArgument(new Argument('<shell>').choices(Object.keys(SCRIPTS)))
    .addHelpText(
      'after',
      `
Examples:
  source <(discue completion bash)     in ~/.bashrc
  source <(discue completion zsh)      in ~/.zshrc, after compinit
  discue completion fish > ~/.config/fish/completions/discue.fish`,
    )
    .action((shell: keyof typeof SCRIPTS) => void process.stdout.write(`${SCRIPTS[shell]}\n`))
  program
    .command(`${ASK} [words...]`, { hidden: true })
    .allowUnknownOption()
    .action(async (words: string[] | undefined, _, command) => {
      const found = await candidates(program, command, words ?? [])
      process.stdout.write(found.map((candidate) => `${candidate}\n`).join(''))
    })
}

/** What may stand in place of the last word. */
async function candidates(program: Command, asking: Command, words: readonly string[]): Promise<string[]> {
  const current = words.at(-1) ?? ''
  const { command, positionals, awaits } = walk(program, words.slice(0, -1))
  const fits = (candidate: string) => candidate.startsWith(current)
  if (awaits !== null) return (awaits.argChoices ?? []).filter(fits)
  if (current.startsWith('-'))
    return optionsOf(program, command)
      .flatMap(({ long }) => long ?? [])
      .filter(fits)
  const subcommands = command.commands.filter((it) => !it.name().startsWith('_')).map((it) => it.name())
  if (subcommands.length > 0) return subcommands.filter(fits)
  const argument = command.registeredArguments[positionals]
  if (argument?.argChoices !== undefined) return argument.argChoices.filter(fits)
  return argument?.name() === 'queue' ? (await queueNames(asking)).filter(fits) : []
}

/** Which command the words name, how many of its arguments are there, and the option that waits for its value. */
function walk(program: Command, words: readonly string[]) {
  let command = program
  let positionals = 0
  let awaits: Option | null = null
  for (const word of words) {
    if (awaits !== null) awaits = null
    else if (word.startsWith('-')) {
      const option = optionsOf(program, command).find((it) => it.long === word || it.short === word)
      awaits = option !== undefined && (option.required || option.optional) ? option : null
    } else {
      const next: Command | undefined = command.commands.find((it) => it.name() === word)
      if (next !== undefined) command = next
      else positionals += 1
    }
  }
  return { command, positionals, awaits }
}

function optionsOf(program: Command, command: Command): Option[] {
  return [...command.options, ...program.options, new Option('--help')]
}

/** A completion has nowhere to say what went wrong: it has nothing to offer then. */
async function queueNames(asking: Command): Promise<string[]> {
  try {
    const { queues } = await openContext(asking).api.call<Api.QueueList>('GET', '/queues', { timeoutMs: 2_000 })
    return queues.map(({ name }: { name: string }) => name)
  } catch {
    return []
  }
}
