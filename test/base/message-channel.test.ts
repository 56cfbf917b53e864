import { describe, expect, test } from "bun:test";
import { AppError } from "../../src/base/errors.ts";
import { type CallHandlers, createCallee, createCaller } from "../../src/base/message-channel.ts";

function connect(handlers: CallHandlers) {
  const toCaller: ((message: unknown) => void)[] = [];
  const callee = createCallee(handlers, (m) => queueMicrotask(() => toCaller[0]!(structuredClone(m))));
  const caller = createCaller((m) => queueMicrotask(() => callee.receive(structuredClone(m))));
  toCaller.push(caller.receive);
  return { caller, callee };
}

describe("message channel", () => {
  test("a call gets its handler's answer", async () => {
    const { caller } = connect({ double: (n: number) => n * 2 });
    expect(await caller.call("double", 21)).toBe(42);
    expect(caller.pendingCount).toBe(0);
  });

  test("a coded error crosses with code and details", async () => {
    const { caller } = connect({
      fail: () => {
        throw new AppError("E_DISK", "the disk is full", { path: "x" });
      },
    });
    const error = await caller.call("fail", null).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(AppError);
    expect(error).toMatchObject({ code: "E_DISK", message: "the disk is full", details: { path: "x" } });
  });

  test("an unknown method is E_ARGS, also one that every object has", async () => {
    const { caller } = connect({});
    for (const name of ["nothing", "toString", "constructor"]) {
      expect(await caller.call(name, null).catch((e: AppError) => e.code)).toBe("E_ARGS");
    }
  });

  test("what cannot be sent fails its call alone, and leaves nothing behind", async () => {
    const { caller } = connect({ echo: (value: unknown) => value });
    const stop = new AbortController();
    const refusing = createCaller((message) => void structuredClone(message));
    const failing = refusing.call("echo", () => undefined, { signal: stop.signal, timeoutMs: 1 });
    expect(await failing.catch((error: Error) => error.name)).toBe("DataCloneError");
    expect(refusing.pendingCount).toBe(0);
    stop.abort();
    expect(await caller.call("echo", 1)).toBe(1);
  });

  test("a passed deadline rejects and cancels the callee", async () => {
    const cancelled = Promise.withResolvers<void>();
    const { caller } = connect({
      hang: (_: null, { signal }) =>
        new Promise(() => signal.addEventListener("abort", () => cancelled.resolve())),
    });
    const error = await caller.call("hang", null, { timeoutMs: 1 }).catch((e: AppError) => e.code);
    expect(error).toBe("E_BUSY");
    await cancelled.promise;
  });

  test("chunks come in order, and a slow reader holds the writer back", async () => {
    let written = 0;
    const { caller } = connect({
      count: async (n: number, { emit }) => {
        for (let i = 0; i < n; i++) {
          await emit(i);
          written++;
        }
      },
    });
    const seen: unknown[] = [];
    for await (const chunk of caller.stream("count", 100)) {
      seen.push(chunk);
      expect(written - seen.length).toBeLessThanOrEqual(17);
    }
    expect(seen).toEqual([...Array(100).keys()]);
  });

  test("leaving a stream early cancels an endless callee", async () => {
    const cancelled = Promise.withResolvers<void>();
    const { caller } = connect({
      endless: async (_: null, { emit, signal }) => {
        signal.addEventListener("abort", () => cancelled.resolve());
        for (;;) await emit("more");
      },
    });
    for await (const chunk of caller.stream("endless", null)) {
      expect(chunk).toBe("more");
      break;
    }
    await cancelled.promise;
    expect(caller.pendingCount).toBe(0);
  });

  test("a broken channel rejects what is under way and what comes later", async () => {
    const { caller } = connect({ hang: () => new Promise(() => undefined) });
    const call = caller.call("hang", null).catch((e: Error) => e.message);
    caller.fail(new Error("gone"));
    expect(await call).toBe("gone");
    expect(await caller.call("hang", null).catch((e: Error) => e.message)).toBe("gone");
  });
});
