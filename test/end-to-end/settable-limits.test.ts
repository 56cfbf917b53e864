// Limits that the project file sets, as the running program keeps them.
import { expect, test } from "bun:test";
import { connectRealtime } from "../support/realtime-client.ts";
import { startRealApp } from "../support/real-app.ts";

test("requests of one key in a minute: one more is 429 with the time to wait; reads are not counted", async () => {
  await using program = await startRealApp({
    engines: "tones",
    characters: ["pip.ts"],
    settings: { "server.requests_per_minute": 1 },
  });
  const ask = () => fetch(`${program.url}/v1/characters/reload`, { method: "POST" });
  expect((await ask()).status).toBe(200);
  expect((await fetch(`${program.url}/v1/models`)).status).toBe(200);
  const refused = await ask();
  expect([refused.status, await refused.json()]).toEqual([
    429,
    expect.objectContaining({ error_code: "E_QUOTA" }),
  ]);
  const seconds = Number(refused.headers.get("retry-after"));
  expect(seconds).toBeGreaterThan(0);
  expect(seconds).toBeLessThanOrEqual(60);
});

test("sound that a voice session holds, and the size of one message", async () => {
  await using program = await startRealApp({
    engines: "tones",
    characters: ["pip.ts"],
    settings: { "session.max_input_minutes": 0.1, "session.max_message_mb": 0.5 },
  });
  await using client = await connectRealtime(`ws${program.url.slice(4)}/v1/realtime?model=Pip`);
  await client.waitFor("session.created");
  client.send({
    type: "session.update",
    session: { type: "realtime", audio: { input: { turn_detection: null } } },
  });
  await client.waitFor("session.updated");
  // Four seconds each: the second one would be beyond six.
  const audio = new Uint8Array(4 * 48_000).toBase64();
  for (let i = 0; i < 2; i++) client.send({ type: "input_audio_buffer.append", event_id: `e${i}`, audio });
  expect(await client.waitFor("error")).toMatchObject({ error: { event_id: "e1" } });
  client.socket.send("x".repeat(600_000));
  expect((await client.closed).code).not.toBe(1000);
});
