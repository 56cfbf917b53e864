// Where a text stops being JSON (RFC 8259). The runtime's parser says only that it does.

const blank = /[ \t\r\n]*/;
// oxlint-disable-next-line no-control-regex -- control characters are what strings may not have
const text = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[\da-fA-F]{4}))*"/;
const other = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/;
const sign = /[{}[\],:]/;

/** Character offset of the first token that cannot stand there; null when all can. */
export function findJsonFault(json: string): number | null {
  const blanks = new RegExp(blank, "y");
  const token = new RegExp(`(?<string>${text.source})|${other.source}|(?<sign>${sign.source})`, "y");
  const open: ("{" | "[")[] = [];
  /** What may come next: a value, a key, what ends either, or nothing more. */
  let next: "value" | "first" | "key" | "first-key" | "colon" | "end" = "value";
  for (let position = 0; ; position = token.lastIndex) {
    blanks.lastIndex = position;
    const at = position + (blanks.exec(json)?.[0].length ?? 0);
    if (at === json.length) return open.length === 0 && next === "end" ? null : at;
    token.lastIndex = at;
    const found = token.exec(json);
    if (!found) return at;
    const { string, sign } = found.groups ?? {};
    const isValue = next === "value" || next === "first";
    if (sign === "{" || sign === "[") {
      if (!isValue) return at;
      open.push(sign);
      next = sign === "{" ? "first-key" : "first";
    } else if (sign === "}" || sign === "]") {
      const isEmpty = next === (sign === "}" ? "first-key" : "first");
      if (!isEmpty && next !== "end") return at;
      if (open.pop() !== (sign === "}" ? "{" : "[")) return at;
      next = "end";
    } else if (sign === ",") {
      const inner = open.at(-1);
      if (next !== "end" || inner === undefined) return at;
      next = inner === "{" ? "key" : "value";
    } else if (sign === ":") {
      if (next !== "colon") return at;
      next = "value";
    } else if (string !== undefined && (next === "key" || next === "first-key")) next = "colon";
    else if (isValue) next = "end";
    else return at;
  }
}
