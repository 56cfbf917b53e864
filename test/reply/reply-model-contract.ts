// What every reply model keeps, whoever writes the words. A subject brings a model and a way to say what it shall do.
import { describe, expect, test } from "bun:test";
import { AppError } from "../../src/base/errors.ts";
import type { ReplyEvent, ReplyModel, ReplyRequest } from "../../src/reply/port.ts";

export type ContractStep = { text: string } | { wait: Promise<unknown> } | { fail: true };

export interface ReplySubject extends AsyncDisposable {
  model: ReplyModel;
  /** What the next reply does. */
  play(steps: readonly ContractStep[]): void;
  /** Resolves when whoever writes the reply of this index (from 0) has noticed that it is not wanted any more. */
  dropped(index: number): Promise<void>;
  /** Replies that somebody has begun to write. */
  readonly askedCount: number;
}

export const hello: ReplyRequest = {
  messages: [
    { role: "system", content: "You are Ada." },
    { role: "user", content: "Hello?" },
  ],
};

export async function collect(replies: AsyncIterable<ReplyEvent>): Promise<ReplyEvent[]> {
  const events: ReplyEvent[] = [];
  for await (const event of replies) events.push(event);
  return events;
}

export const textOf = (events: readonly ReplyEvent[]): string =>
  events.map((event) => (event.type === "text-delta" ? event.text : "")).join("");

/** The error that `promise` rejects with; anything but an AppError fails the test. */
export async function failureOf(promise: Promise<unknown>): Promise<AppError> {
  const outcome = await promise.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  expect(outcome).toHaveProperty("error");
  const { error } = outcome as { error: unknown };
  if (!(error instanceof AppError)) throw error;
  return error;
}

export function describeReplyModelContract(name: string, createSubject: () => Promise<ReplySubject>): void {
  describe(`${name} keeps the contract of reply models`, () => {
    test("text arrives in pieces and in order, then one finish with its usage", async () => {
      await using subject = await createSubject();
      subject.play([{ text: "Good " }, { text: "evening, " }, { text: "friend." }]);
      const events = await collect(subject.model.reply(hello));
      expect(events.slice(0, -1)).toEqual(
        ["Good ", "evening, ", "friend."].map((text) => ({ type: "text-delta", text })),
      );
      const finish = events.at(-1);
      expect(finish).toMatchObject({ type: "finish", reason: "stop" });
      if (finish?.type !== "finish") throw new Error("unreachable");
      expect(finish.usage.inputTokens).toBeGreaterThan(0);
      expect(finish.usage.outputTokens).toBeGreaterThan(0);
    });

    test("the first words can be heard before the last are written", async () => {
      await using subject = await createSubject();
      const gate = Promise.withResolvers<void>();
      subject.play([{ text: "One" }, { wait: gate.promise }, { text: " two" }]);
      const events = subject.model.reply(hello)[Symbol.asyncIterator]();
      expect((await events.next()).value).toEqual({ type: "text-delta", text: "One" });
      gate.resolve();
      expect((await events.next()).value).toEqual({ type: "text-delta", text: " two" });
      expect((await events.next()).value?.type).toBe("finish");
      expect((await events.next()).done).toBe(true);
    });

    test("an empty reply is a finish alone", async () => {
      await using subject = await createSubject();
      subject.play([]);
      expect((await collect(subject.model.reply(hello))).map((event) => event.type)).toEqual(["finish"]);
    });

    test("nobody is asked before the first event is wanted", async () => {
      await using subject = await createSubject();
      subject.play([{ text: "x" }]);
      subject.model.reply(hello);
      await Promise.resolve();
      expect(subject.askedCount).toBe(0);
    });

    test("leaving the loop stops the writer", async () => {
      await using subject = await createSubject();
      subject.play([{ text: "One" }, { wait: new Promise(() => undefined) }]);
      for await (const event of subject.model.reply(hello)) {
        expect(event).toEqual({ type: "text-delta", text: "One" });
        break;
      }
      await subject.dropped(0);
    });

    test("a signal in the middle ends the reply at once with E_INTERRUPTED and stops the writer", async () => {
      await using subject = await createSubject();
      subject.play([{ text: "One" }, { wait: new Promise(() => undefined) }]);
      const abort = new AbortController();
      const events = subject.model.reply({ ...hello, signal: abort.signal })[Symbol.asyncIterator]();
      await events.next();
      const pending = events.next();
      // At once: what the writer waits for never comes.
      abort.abort();
      expect((await failureOf(pending)).code).toBe("E_INTERRUPTED");
      await subject.dropped(0);
    });

    test("the AppError of a signal is what the reply throws", async () => {
      await using subject = await createSubject();
      subject.play([{ wait: new Promise(() => undefined) }]);
      const abort = new AbortController();
      const failure = failureOf(collect(subject.model.reply({ ...hello, signal: abort.signal })));
      const reason = new AppError("E_INTERRUPTED", "the listener spoke");
      queueMicrotask(() => abort.abort(reason));
      expect(await failure).toBe(reason);
    });

    test("with a signal that is aborted already nobody is asked", async () => {
      await using subject = await createSubject();
      subject.play([{ text: "x" }]);
      const replies = subject.model.reply({ ...hello, signal: AbortSignal.abort() });
      expect((await failureOf(collect(replies))).code).toBe("E_INTERRUPTED");
      expect(subject.askedCount).toBe(0);
    });

    test("a failure in the middle is thrown after the words before it", async () => {
      await using subject = await createSubject();
      subject.play([{ text: "One" }, { fail: true }]);
      const events = subject.model.reply(hello)[Symbol.asyncIterator]();
      expect((await events.next()).value).toEqual({ type: "text-delta", text: "One" });
      const error = await failureOf(events.next());
      expect(["E_NET", "E_CHARACTER"]).toContain(error.code);
      expect((await events.next()).done).toBe(true);
    });

    test("two replies at once do not mix", async () => {
      await using subject = await createSubject();
      const gate = Promise.withResolvers<void>();
      subject.play([{ text: "a" }, { wait: gate.promise }, { text: "b" }]);
      const first = collect(subject.model.reply(hello));
      // The second is played when the first has been asked for, so that each gets its own.
      while (subject.askedCount < 1) await new Promise((resolve) => setImmediate(resolve));
      subject.play([{ text: "c" }, { text: "d" }]);
      expect(textOf(await collect(subject.model.reply(hello)))).toBe("cd");
      gate.resolve();
      expect(textOf(await first)).toBe("ab");
    });

    test("ten thousand pieces cost nothing but their time", async () => {
      await using subject = await createSubject();
      subject.play(Array.from({ length: 10_000 }, () => ({ text: "x" })));
      const events = await collect(subject.model.reply(hello));
      expect(textOf(events).length).toBe(10_000);
    });
  });
}
