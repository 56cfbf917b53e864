// `session.turn_detector = "smart_turn"` in the whole program: a client's pause goes to an ONNX file in an engine process,
// and the turn ends by its word. The user speaks in tones; the file is of the tests' own making.
import { expect, setDefaultTimeout, test } from "bun:test";
import { cp } from "node:fs/promises";
import { join, resolve } from "node:path";
import { createApp } from "../../src/app.ts";
import { loadSettings } from "../../src/config/load-settings.ts";
import { loadTurnDetector, speechProviders } from "../../src/provider-catalogue.ts";
import { choosePauseMs } from "../../src/session/turn-taking.ts";
import { eventually } from "../support/eventually.ts";
import { failureOf } from "../support/failure-of.ts";
import { speakTones } from "../support/fake-engines/tone-language.ts";
import { connectRealtime, type RealtimeClient } from "../support/realtime-client.ts";
import { buildSmartTurnModel } from "../support/smart-turn-model.ts";
import { createTempFolder } from "../support/temp-folder.ts";
import { toneProviders } from "../support/tone-providers.ts";

setDefaultTimeout(60_000);

const unfinished = "i would like to go to the";
const cast = resolve(import.meta.dir, "../../story_characters");

async function open(detector: string, project = "") {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await createTempFolder());
  await folder.write("project/troupe.toml", `[session]\nturn_detector = "${detector}"\n${project}`);
  await cp(join(cast, "tock.ts"), join(folder.path, "project/story_characters/tock.ts"));
  await folder.write(".troupe/models/smart_turn/v3.2.onnx", buildSmartTurnModel({ endFrames: 10 }));
  const loaded = loadSettings({
    env: { HOME: folder.path },
    cwd: join(folder.path, "project"),
    overrides: { "reply.source": "none", "server.port": 0, "settings.assets.offline": true },
  });
  const catalogue = { ...toneProviders, turn: speechProviders.turn };
  const app = stack.use(await createApp(loaded, { version: "0", logs: "none", speechProviders: catalogue }));
  const held = stack.move();
  return { app, [Symbol.asyncDispose]: () => held.disposeAsync() };
}
async function connect(url: string): Promise<RealtimeClient> {
  const isOnStage = async (): Promise<boolean> => {
    const body = (await (await fetch(`${url}/v1/characters`)).json()) as { characters: unknown[] };
    return body.characters.length === 1;
  };
  await eventually("the character", isOnStage, 20_000);
  return connectRealtime(`${url.replace("http", "ws")}/v1/realtime`);
}
const withOwnModel = `[providers.turn.smart_turn.assets.model_urls]\n"v3.2" = "local"\n`;

test("a turn whose words sound unfinished ends when its pause sounds like an end", async () => {
  const wordsAlone = choosePauseMs("low", (await loadTurnDetector()).detect(unfinished));
  expect(wordsAlone).toBeGreaterThan(3000);
  await using w = await open("smart_turn", withOwnModel);
  let judgements = 0;
  using _subscription = w.app.events.subscribe((event) => {
    if (event.type === "engine-job-end" && "engine" in event && event["engine"] === "smart_turn")
      judgements++;
  });
  await using server = await w.app.serve();
  const states = async () =>
    (await w.app.providers.list())
      .filter(({ kind }) => kind === "turn")
      .map(({ name, state }) => [name, state]);
  await eventually(
    "the detector",
    async () => Bun.deepEquals((await states()).at(-1), ["smart_turn", "ready"]),
    30_000,
  );

  await using client = await connect(server.url);
  client.send({
    type: "session.update",
    session: {
      type: "realtime",
      audio: { input: { turn_detection: { type: "semantic_vad", eagerness: "low" } } },
    },
  });
  await client.waitFor("session.updated");
  const spoken = speakTones(unfinished);
  client.append(spoken);
  client.append(new Float32Array(400 * 16));
  await eventually("a judgement", () => judgements > 0, 20_000);
  expect(client.ofType("input_audio_buffer.speech_stopped")).toEqual([]);
  client.append(new Float32Array(700 * 16));
  const stopped = await client.waitFor("input_audio_buffer.speech_stopped");
  expect(Number(stopped["audio_end_ms"]) - spoken.length / 16).toBeLessThan(1200);
  expect(client.findFaults({ isCut: true })).toEqual([]);
});

test("a detector whose model cannot be had says so, and turns end by their words", async () => {
  await using w = await open("smart_turn");
  await using server = await w.app.serve();
  const find = async () =>
    (await w.app.providers.list()).find(({ kind, name }) => kind === "turn" && name === "smart_turn");
  await eventually("a state", async () => (await find())?.state === "not-installed", 20_000);
  expect((await find())?.reason).toContain("smart-turn-v3");
  expect(w.app.defaultAssets).toContain("smart-turn-v3");

  await using client = await connect(server.url);
  client.send({
    type: "session.update",
    session: {
      type: "realtime",
      audio: { input: { turn_detection: { type: "semantic_vad", eagerness: "high" } } },
    },
  });
  await client.waitFor("session.updated");
  client.say("hello there", { silenceMs: 2500 });
  await client.waitFor("input_audio_buffer.speech_stopped");
});

test("the words alone need no model", async () => {
  await using w = await open("transcript");
  expect(w.app.defaultAssets).not.toContain("smart-turn-v3");
  const turn = (await w.app.providers.list()).filter(({ kind }) => kind === "turn");
  expect(turn.map(({ name }) => name)).toEqual(["transcript", "smart_turn"]);
  expect(turn[1]).toMatchObject({
    state: "not-installed",
    reason: expect.stringContaining("troupe models ensure --provider turn.smart_turn:v3.2"),
    models: [{ id: "v3.2", isInstalled: false }],
  });
});

test("a detector that there is not is refused with the names there are", async () => {
  const failure = await failureOf(open("oracle"));
  expect(failure.code).toBe("E_NOT_FOUND");
  expect(failure.message).toContain("transcript, smart_turn");
});
