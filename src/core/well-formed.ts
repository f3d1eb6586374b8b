/**
 * Why a text is refused, or null where it is fine. JSON can say half of a surrogate pair (`\ud800`), UTF-8 cannot: what is
 * sent would be another text than what was acknowledged, and PostgreSQL fails every statement that looks into the JSON.
 */
export function unicodeFault(text: string): string | null {
  return text.isWellFormed() ? null : 'must be valid Unicode; a surrogate in it stands alone'
}
