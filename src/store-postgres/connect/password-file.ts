/** The login whose password is looked for. */
interface Login {
  host: string
  port: number
  database: string
  user: string
}

/**
 * The password of the first line that fits, or an empty text. Lines are `host:port:database:user:password`, in which
 * `*` fits everything and a backslash takes the meaning from a colon or a backslash (PostgreSQL's documentation, "The
 * Password File").
 */
export function passwordIn(file: string, { host, port, database, user }: Login): string {
  // A Unix socket's folder stands in the file as localhost.
  const wanted = [host.startsWith('/') ? 'localhost' : host, String(port), database, user]
  for (const line of file.split(/\r?\n/)) {
    if (line === '' || line.startsWith('#')) continue
    const fields = fieldsOf(line)
    if (fields.length === 5 && wanted.every((text, index) => fields[index] === '*' || fields[index] === text)) {
      return fields[4]!
    }
  }
  return ''
}

function fieldsOf(line: string): string[] {
  const fields = ['']
  for (let at = 0; at < line.length; at++) {
    const letter = line[at]!
    if (letter === '\\' && at + 1 < line.length) fields[fields.length - 1] += line[++at]!
    else if (letter === ':' && fields.length < 5) fields.push('')
    else fields[fields.length - 1] += letter
  }
  return fields
}
