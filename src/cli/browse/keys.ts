// What a terminal in raw mode sends, as keys.
export type KeyName =
  | "up"
  | "down"
  | "left"
  | "right"
  | "page-up"
  | "page-down"
  | "home"
  | "end"
  | "enter"
  | "escape"
  | "backspace"
  | "interrupt";

export type Key = { name: KeyName } | { name: "text"; text: string };

export interface KeyParser {
  /** The keys that are whole; the beginning of an escape sequence is kept for the next piece. */
  push(input: string): Key[];
  /** Nothing came for a while: what was kept was the escape key itself. */
  flush(): Key[];
}

/** Of xterm and what follows it (ECMA-48 CSI, and SS3 in application mode). */
const sequences: Readonly<Record<string, KeyName>> = {
  "[A": "up",
  "[B": "down",
  "[C": "right",
  "[D": "left",
  "[H": "home",
  "[F": "end",
  "[1~": "home",
  "[4~": "end",
  "[7~": "home",
  "[8~": "end",
  "[5~": "page-up",
  "[6~": "page-down",
  OA: "up",
  OB: "down",
  OC: "right",
  OD: "left",
  OH: "home",
  OF: "end",
};

const controls: Readonly<Record<string, KeyName>> = {
  "\u0003": "interrupt",
  "\u0004": "interrupt",
  "\b": "backspace",
  "\u007f": "backspace",
  "\r": "enter",
  "\n": "enter",
};

// oxlint-disable-next-line no-control-regex -- escape sequences begin with one
const whole = /^\u001b(\[[0-9;]*[A-Za-z~]|O[A-Za-z])/;
// oxlint-disable-next-line no-control-regex -- as above
const begun = /^\u001b(\[[0-9;]*|O)?$/;

export function createKeyParser(): KeyParser {
  let kept = "";
  const parse = (text: string, isEnd: boolean): Key[] => {
    const keys: Key[] = [];
    let rest = text;
    while (rest !== "") {
      const sequence = whole.exec(rest);
      if (sequence) {
        const name = sequences[sequence[1] ?? ""];
        if (name) keys.push({ name }); // others are keys that nobody has a use for
        rest = rest.slice(sequence[0].length);
        continue;
      }
      if (!isEnd && begun.test(rest)) break;
      const [char = ""] = rest;
      rest = rest.slice(char.length);
      const name = char === "\u001b" ? "escape" : controls[char];
      if (name) keys.push({ name });
      else if (char >= " ") keys.push({ name: "text", text: char });
    }
    kept = rest;
    return keys;
  };
  return { push: (input) => parse(kept + input, false), flush: () => parse(kept, true) };
}
