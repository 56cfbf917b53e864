import { expect, test } from "bun:test";
import { type AnyEvent, createEventHub } from "../../src/base/events.ts";

interface Note extends AnyEvent {
  error?: unknown;
}

test("listeners are told in the order in which they came, until they leave", () => {
  const hub = createEventHub<Note>();
  const heard: string[] = [];
  using first = hub.subscribe(({ type }) => heard.push(`first ${type}`));
  const second = hub.subscribe(({ type }) => heard.push(`second ${type}`));
  void first;
  hub.emit({ type: "a" });
  second[Symbol.dispose]();
  hub.emit({ type: "b" });
  expect(heard).toEqual(["first a", "second a", "first b"]);
});

test("one that throws stops nobody, and the others hear of it", () => {
  const heard: Note[] = [];
  const hub = createEventHub<Note>((error) => hub.emit({ type: "failure", error }));
  using broken = hub.subscribe(() => {
    throw new Error("broken"); // over the news of its failure, too
  });
  using sound = hub.subscribe((event) => heard.push(event));
  void [broken, sound];
  hub.emit({ type: "a" });
  hub.emit({ type: "b" });
  expect(heard.map(({ type }) => type)).toEqual(["failure", "a", "failure", "b"]);
  expect(heard[0]?.error).toEqual(new Error("broken"));
});
