/** A text as it is compared while somebody types: without case, accents and Arabic vowels. */
export function folded(text: string): string {
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
}
