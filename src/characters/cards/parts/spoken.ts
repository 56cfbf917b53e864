// Written text made fit to be said.

/** Without stage directions between asterisks (unless there is nothing else), marks of markup and unfilled macros. */
export function spoken(text: string): string {
  const plain = text.replace(/\{\{[^{}]*\}\}/g, "");
  const said = plain.replace(/\*[^*]*\*/g, " ");
  return (/[\p{L}\p{N}]/u.test(said) ? said : plain)
    .replace(/[*_#~`<>|]/g, "")
    .replace(/\s+/g, " ")
    .trim();
}
