/**
 * What a listener's deliveries are signed with, each sealed by itself (`secret-box.ts`): the secret of symmetric signatures,
 * and the private key of asymmetric ones, where it has one.
 */
export interface SigningSecrets {
  secret: string
  privateKey: string | null
}

/** Behind a private key: sealed, it could not be told from a secret. Neither form of one has such a character. */
const MARK = '#v1a'
const BETWEEN = ' '

/** As one text, in which the store keeps them. */
export function asText({ secret, privateKey }: SigningSecrets): string {
  return privateKey === null ? secret : secret + BETWEEN + privateKeyText(privateKey)
}

/** A private key that stands by itself, as one that was replaced. */
export function privateKeyText(privateKey: string): string {
  return privateKey + MARK
}

/** What is in a text; of one that was replaced it is either a secret or a private key. */
export function secretsIn(text: string): { secret: string | null; privateKey: string | null } {
  const parts = text.split(BETWEEN)
  const privateKey = parts.find(isPrivateKeyText)?.slice(0, -MARK.length) ?? null
  return { secret: parts.find((part) => !isPrivateKeyText(part)) ?? null, privateKey }
}

export function isPrivateKeyText(text: string): boolean {
  return text.endsWith(MARK)
}

/** The text with something else in place of each secret and private key in it, such as its sealed form. */
export function mapText(text: string, map: (one: string) => string): string {
  const mapped = (part: string) => (isPrivateKeyText(part) ? map(part.slice(0, -MARK.length)) + MARK : map(part))
  return text.split(BETWEEN).map(mapped).join(BETWEEN)
}
