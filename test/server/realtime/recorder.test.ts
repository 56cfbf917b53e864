// What is written down of a session, and what is not.
import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { systemClock } from "../../../src/base/clock.ts";
import { createRecorder } from "../../../src/server/realtime/recorder.ts";
import { sayWords } from "../../support/fake-services.ts";
import { eventually } from "../../support/eventually.ts";
import { connectRealtime, type RealtimeClient } from "../../support/realtime-client.ts";
import { startRealtimeServer } from "../../support/realtime-server.ts";
import { createTempFolder } from "../../support/temp-folder.ts";

const allow = (allow_recording: boolean) => ({
  type: "session.update",
  session: { type: "realtime", troupe: { allow_recording } },
});

interface Line {
  timestamp_wall: number;
  event_sender: "client" | "server";
  data: { type: string; audio?: string; audio_bytes?: number; item?: unknown };
}

function readLines(dir: string): Line[] {
  const [file = "none"] = readdirSync(dir);
  const lines = readFileSync(join(dir, file), "utf8").trimEnd().split("\n");
  return lines.map((line) => JSON.parse(line) as Line);
}

async function talk(client: RealtimeClient): Promise<void> {
  client.send({
    type: "session.update",
    session: { type: "realtime", audio: { input: { turn_detection: null } } },
  });
  client.say("hello", { silenceMs: 0 });
  client.socket.send(new Uint8Array(4800));
  client.socket.send("{ this is no JSON");
  client.send({ type: "input_audio_buffer.commit" });
  const content = [{ type: "input_audio", audio: new Uint8Array(4800).toBase64(), transcript: "so" }];
  client.send({ type: "conversation.item.create", item: { type: "message", role: "user", content } });
  client.send({ type: "response.create" });
  await client.waitFor("response.done");
}

describe("a recording", () => {
  test("has every event of both sides in order, and of the user's sound its length", async () => {
    await using folder = await createTempFolder();
    const dir = join(folder.path, "deep", "recordings");
    const server = startRealtimeServer({ script: sayWords("Well met."), recording: { dir } });
    const client = await connectRealtime(server.url);
    client.send(allow(true));
    const { session } = await client.waitFor("session.updated");
    expect(session).toMatchObject({ troupe: { allow_recording: true } });
    await talk(client);
    const before = Date.now() / 1000;
    await client[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();

    const [file = ""] = readdirSync(dir);
    expect(file).toMatch(/^\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d_[0-9a-f]{8}\.jsonl$/);
    expect(statSync(join(dir, file)).mode & 0o777).toBe(0o600);
    const lines = readLines(dir);
    const fromServer = lines.filter(({ event_sender }) => event_sender === "server").map(({ data }) => data);
    const known = client.events.slice(client.events.findIndex(({ type }) => type === "session.updated"));
    expect(fromServer.slice(0, known.length) as unknown[]).toEqual([...known]);
    const fromClient = lines.filter(({ event_sender }) => event_sender === "client").map(({ data }) => data);
    const appended = fromClient.filter(({ type }) => type === "input_audio_buffer.append");
    expect(appended.every(({ audio }) => audio === undefined)).toBe(true);
    expect(appended[0]).toEqual({ type: "input_audio_buffer.append", audio_bytes: 4800 });
    expect(appended.at(-1)).toEqual({ type: "input_audio_buffer.append", audio_bytes: 4800 });
    expect(fromClient.find(({ type }) => type === "conversation.item.create")?.item).toMatchObject({
      content: [{ type: "input_audio", audio_bytes: 4800, transcript: "so" }],
    });
    expect(lines.every(({ timestamp_wall }) => Math.abs(timestamp_wall - before) < 60)).toBe(true);
  });

  test("has the sound as well where the operator wants it", async () => {
    await using folder = await createTempFolder();
    const recording = { dir: folder.path, includeAudio: true };
    const server = startRealtimeServer({ script: sayWords("Well met."), recording });
    const client = await connectRealtime(server.url);
    client.send(allow(true));
    await client.waitFor("session.updated");
    await talk(client);
    await client[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
    const appended = readLines(folder.path).filter(({ data }) => data.type === "input_audio_buffer.append");
    expect(appended.map(({ data }) => Uint8Array.fromBase64(data.audio ?? "").length > 0)).not.toContain(
      false,
    );
  });

  test("is not made of a client that does not allow it, and is deleted when it takes that back", async () => {
    await using folder = await createTempFolder();
    await using server = startRealtimeServer({ recording: { dir: folder.path } });
    await using silent = await connectRealtime(server.url);
    await talk(silent);
    expect(readdirSync(folder.path)).toEqual([]);
    silent.send(allow(true));
    await eventually("the file", () => readdirSync(folder.path).length === 1);
    silent.send(allow(false));
    await eventually("its end", () => readdirSync(folder.path).length === 0);
  });

  test("that is taken back at the last moment is gone when the server is", async () => {
    await using folder = await createTempFolder();
    const deps = { clock: systemClock, onTrouble: (error: unknown) => expect(error).toBeUndefined() };
    const recorder = createRecorder(deps, { dir: folder.path });
    recorder.allow(true);
    recorder.fromServer('{"type":"session.updated"}');
    recorder.allow(false);
    await recorder[Symbol.asyncDispose]();
    expect(readdirSync(folder.path)).toEqual([]);
  });

  test("that a slow disk has ended is kept, and gone too when it is taken back", async () => {
    await using folder = await createTempFolder();
    const troubles: unknown[] = [];
    const recorder = createRecorder(
      { clock: systemClock, onTrouble: (error) => troubles.push(error) },
      { dir: folder.path },
    );
    recorder.allow(true);
    // More than may wait, before the disk can have taken any of it.
    recorder.fromServer(JSON.stringify({ type: "long", text: "x".repeat(17 << 20) }));
    expect(troubles).toMatchObject([{ code: "E_QUOTA" }]);
    await eventually("the file", () => readdirSync(folder.path).length === 1);
    recorder.allow(false);
    await recorder[Symbol.asyncDispose]();
    expect(readdirSync(folder.path)).toEqual([]);
    expect(troubles.length).toBe(1);
  });

  test("that cannot be written is reported, and the session goes on", async () => {
    await using folder = await createTempFolder();
    const file = await folder.write("a-file", "no folder");
    await using server = startRealtimeServer({ recording: { dir: join(file, "below") } });
    const trouble = Promise.withResolvers<unknown>();
    server.services.events.subscribe((event) => {
      if (event.type === "voice-session-fault") trouble.resolve(event);
    });
    await using client = await connectRealtime(server.url);
    client.send(allow(true));
    await trouble.promise;
    client.send({ type: "response.create", response: { output_modalities: ["text"] } });
    await client.waitFor("response.done");
    expect(client.findFaults()).toEqual([]);
  });
});
