// The talk button and hands-free, without a browser: only the microphone and the line are stand-ins.
import { describe, expect, jest, test } from "bun:test";
import type { MicrophoneOptions } from "../../src/web/microphone.ts";
import { createSpeaking, type Speaking } from "../../src/web/speaking.ts";

function setUp() {
  const log: string[] = [];
  let microphone: MicrophoneOptions | undefined;
  let permission = Promise.withResolvers<void>();
  let isLineUp = true;
  const speaking: Speaking = createSpeaking({
    async openMicrophone(options) {
      log.push("ask");
      await permission.promise;
      microphone = options;
      return { level: () => 0.5, close: () => log.push("close") };
    },
    client: () =>
      isLineUp
        ? {
            sendAudio: () => log.push("audio"),
            beginTalk: () => log.push("begin"),
            endTalk: () => log.push("end"),
            cancelTalk: () => log.push("cancel"),
            setHandsFree: (isHandsFree) => log.push(`hands-free ${isHandsFree}`),
          }
        : undefined,
    onChange: (state) => log.push(state),
    onIdle: () => log.push("idle"),
    onReady: () => log.push("ready"),
    onError: (error) => log.push(`error ${(error as Error).name}`),
    onLost: () => log.push("lost"),
  });
  return {
    speaking,
    /** What has happened since the last time. */
    take: () => log.splice(0),
    chunk: () => microphone?.onChunk(new Uint8Array(8)),
    unplug: () => microphone?.onLost(),
    allow: () => permission.resolve(),
    deny(name: string) {
      permission.reject(new DOMException("no", name));
      permission = Promise.withResolvers<void>();
    },
    cutLine: () => void (isLineUp = false),
    /** Lets everything that is only waiting for a promise go on. */
    settle: () => new Promise<void>((resolve) => setImmediate(resolve)),
  };
}

async function talking() {
  const parts = setUp();
  parts.allow();
  parts.speaking.start();
  await parts.settle();
  parts.take();
  return parts;
}

describe("the talk button", () => {
  test("takes the floor at once, and sends from when the microphone is open", async () => {
    const { speaking, take, allow, chunk, settle } = setUp();
    speaking.start();
    expect(take()).toEqual(["begin", "opening", "ask"]);
    allow();
    await settle();
    chunk();
    expect(take()).toEqual(["talking", "audio"]);
  });

  test("sends the last syllable before it ends the turn", async () => {
    const { speaking, take, chunk } = await talking();
    speaking.finish();
    expect(take()).toEqual(["off"]);
    for (let i = 0; i < 5; i++) chunk();
    expect(take()).toEqual(["audio", "audio", "audio", "end"]);
  });

  test("pressed again before the turn has ended, it goes on with the same turn", async () => {
    const { speaking, take, chunk } = await talking();
    speaking.finish();
    chunk();
    speaking.start();
    for (let i = 0; i < 4; i++) chunk();
    expect(take()).toEqual(["off", "audio", "talking", "audio", "audio", "audio", "audio"]);
  });

  test("let go while the browser asks for permission, nothing is ever sent", async () => {
    const { speaking, take, allow, chunk, settle } = setUp();
    speaking.start();
    speaking.finish();
    allow();
    await settle();
    chunk();
    expect(take()).toEqual(["begin", "opening", "ask", "idle", "off", "ready"]);
    speaking.start();
    chunk();
    expect(take()).toEqual(["begin", "talking", "audio"]);
  });

  test("pressed a second time while the browser asks, the browser is not asked twice", async () => {
    const { speaking, take, allow, settle } = setUp();
    speaking.start();
    speaking.finish();
    speaking.start();
    allow();
    await settle();
    expect(take()).toEqual(["begin", "opening", "ask", "idle", "off", "begin", "opening", "talking"]);
  });

  test("a refusal is told, and the next press asks again", async () => {
    const { speaking, take, deny, allow, settle } = setUp();
    speaking.start();
    deny("NotAllowedError");
    await settle();
    expect(take()).toEqual(["begin", "opening", "ask", "off", "cancel", "idle", "error NotAllowedError"]);
    allow();
    speaking.start();
    await settle();
    expect(take()).toEqual(["begin", "opening", "ask", "talking"]);
  });

  test("a microphone that is unplugged ends the talk without an answer", async () => {
    const { speaking, take, unplug, chunk } = await talking();
    unplug();
    chunk();
    expect(take()).toEqual(["off", "cancel", "idle", "lost"]);
    expect(speaking.state).toBe("off");
  });

  test("a microphone that is unplugged while the last syllable is on its way ends the talk all the same", async () => {
    const { speaking, take, unplug, chunk } = await talking();
    speaking.finish();
    chunk();
    take();
    unplug();
    expect(take()).toEqual(["cancel", "idle", "lost"]);
  });

  test("a microphone that nobody uses may be unplugged without a word", async () => {
    const { speaking, take, unplug, chunk } = await talking();
    speaking.finish();
    for (let i = 0; i < 3; i++) chunk();
    take();
    unplug();
    expect(take()).toEqual([]);
  });

  test("a line that goes down while the last syllable is on its way lets go of the microphone in time", async () => {
    jest.useFakeTimers();
    try {
      const { speaking, take, chunk } = await talking();
      speaking.finish();
      chunk();
      speaking.pause();
      take();
      jest.advanceTimersByTime(14_000);
      expect(take()).toEqual([]);
      jest.advanceTimersByTime(2000);
      expect(take()).toEqual(["close"]);
    } finally {
      jest.useRealTimers();
    }
  });

  test("does nothing without a line", async () => {
    const { speaking, take, cutLine } = setUp();
    cutLine();
    speaking.start();
    speaking.finish();
    expect(take()).toEqual([]);
  });
});

describe("hands-free", () => {
  test("is told to the server when the microphone is open, not before", async () => {
    const { speaking, take, allow, settle } = setUp();
    speaking.setHandsFree(true);
    expect(take()).toEqual(["opening", "ask"]);
    allow();
    await settle();
    expect(take()).toEqual(["hands-free true", "hands-free"]);
  });

  test("switched off, it drops what was begun and lets go of the microphone", async () => {
    const { speaking, take, allow, settle, chunk } = setUp();
    allow();
    speaking.setHandsFree(true);
    await settle();
    take();
    speaking.setHandsFree(false);
    chunk();
    expect(take()).toEqual(["hands-free false", "off", "cancel", "idle", "close"]);
  });

  test("outlives a line that goes down", async () => {
    const { speaking, allow, settle } = setUp();
    allow();
    speaking.setHandsFree(true);
    await settle();
    speaking.pause();
    expect(speaking.state).toBe("hands-free");
  });
});
