// A conversation over a line that breaks, ends and comes back, against the real server.
import { expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { encodeS16le } from "../../src/audio/pcm.ts";
import { resample } from "../../src/audio/resample.ts";
import { systemClock } from "../../src/base/clock.ts";
import { openConversationStore } from "../../src/session/conversation-store.ts";
import { createTalk, type TalkState } from "../../src/web/talk.ts";
import { createApi } from "../../src/web/api.ts";
import { createDoor, type DoorState } from "../../src/web/door.ts";
import type { Microphone, MicrophoneOptions } from "../../src/web/microphone.ts";
import { eventually } from "../support/eventually.ts";
import { speakTones } from "../support/fake-engines/tone-language.ts";
import { createFakePlayer } from "../support/fake-player.ts";
import { createFakeCharacter, sayWords } from "../support/fake-services.ts";
import { type PageServerOptions, startPageServer } from "../support/page-server.ts";
import { createTempFolder } from "../support/temp-folder.ts";

setDefaultTimeout(60_000);
/** Longer than a machine with much to do ever needs; nothing here waits so long when all is well. */
const patienceMs = 20_000;

async function setUp(options: Partial<PageServerOptions> = {}, door?: DoorState) {
  const server = await startPageServer({
    characters: [createFakeCharacter("Gertrude"), createFakeCharacter("Hal")],
    script: sayWords("Good evening."),
    ...options,
  });
  const microphone: { open: (options: MicrophoneOptions) => Promise<Microphone> } = {
    open: () => Promise.reject(new DOMException("none", "NotFoundError")),
  };
  const talk = createTalk(
    {
      socketUrl: (name, id) =>
        `${server.url.replace("http", "ws")}/v1/realtime?model=${name}${id === undefined ? "" : `&conversation=${id}`}`,
      openMicrophone: (microphoneOptions) => microphone.open(microphoneOptions),
      createPlayer: (playerOptions) => createFakePlayer(playerOptions),
      door: (apiKey) => ({
        ...createDoor(createApi({ fetch: (path, init) => fetch(server.url + path, init) }, { apiKey })),
        ...(door && { probe: () => Promise.resolve(door) }),
      }),
    },
    { apiKey: undefined },
  );
  talk.setServer({ isUp: true, canSpeak: false, keepsConversations: false });
  return {
    server,
    talk,
    microphone,
    /** Resolves with the first state, now or later, that fits. */
    when(what: string, accept: (state: TalkState) => boolean): Promise<TalkState> {
      return new Promise((resolve, reject) => {
        const look = (): void => {
          if (!accept(talk.state)) return;
          clearTimeout(timer);
          stop();
          resolve(talk.state);
        };
        const stop = talk.subscribe(look);
        const timer = setTimeout(
          () => reject(new Error(`waited in vain for ${what}: ${JSON.stringify(talk.state)}`)),
          patienceMs,
        );
        look();
      });
    },
    async [Symbol.asyncDispose]() {
      talk.select(undefined);
      await server[Symbol.asyncDispose]();
    },
  };
}

const texts = ({ conversation }: TalkState): string[] => conversation.turns.map(({ text }) => text);
const isAnswered =
  (count: number) =>
  (state: TalkState): boolean =>
    texts(state).length === count &&
    state.conversation.responseId === undefined &&
    state.conversation.turns.every(({ state: turnState }) => turnState === "done");

test("a character opens the talk, another one begins anew", async () => {
  await using page = await setUp();
  page.talk.select("Gertrude");
  await page.when("a greeting", isAnswered(1));
  page.talk.sendText("Good evening to you.");
  await page.when("an answer", isAnswered(3));
  page.talk.select("Hal");
  const { character } = await page.when("another greeting", isAnswered(1));
  expect(character).toBe("Hal");
});

test("a server that went away is found again, and the talk goes on where it was", async () => {
  await using page = await setUp();
  page.talk.select("Gertrude");
  await page.when("a greeting", isAnswered(1));
  page.talk.setServer({ isUp: false, canSpeak: false, keepsConversations: false });
  await page.server.goAway();
  await page.when("the loss", ({ connection }) => connection === "lost");
  await page.server.comeBack();
  page.talk.setServer({ isUp: true, canSpeak: false, keepsConversations: false });
  await page.when("the line", ({ connection }) => connection === "open");
  page.talk.sendText("Still there?");
  await page.when("an answer", isAnswered(3));
  const told = page.server.services.replyRequests.at(-1)?.messages.filter(({ role }) => role !== "system");
  expect(told).toEqual([
    { role: "assistant", content: "Good evening." },
    { role: "user", content: "Still there?" },
  ]);
});

test("a server that keeps conversations is asked for this one again, and not told it twice", async () => {
  await using folder = await createTempFolder();
  using conversations = openConversationStore(
    { clock: systemClock, onTrouble: () => undefined },
    { file: join(folder.path, "talks.sqlite") },
  );
  await using page = await setUp({ services: { conversations } });
  const server = { canSpeak: false, keepsConversations: true };
  page.talk.setServer({ ...server, isUp: true });
  page.talk.select("Gertrude");
  const { conversationId } = await page.when("a greeting", isAnswered(1));
  page.talk.setServer({ ...server, isUp: false });
  await page.server.goAway();
  await page.when("the loss", ({ connection }) => connection === "lost");
  await page.server.comeBack();
  page.talk.setServer({ ...server, isUp: true });
  await page.when("the line", ({ connection }) => connection === "open");
  page.talk.sendText("Still there?");
  expect((await page.when("an answer", isAnswered(3))).conversationId).toBe(conversationId);
  const told = page.server.services.replyRequests.at(-1)?.messages.filter(({ role }) => role !== "system");
  expect(told).toEqual([
    { role: "assistant", content: "Good evening." },
    { role: "user", content: "Still there?" },
  ]);
  expect(conversations.list().map(({ id, character }) => [id, character])).toEqual([
    [conversationId ?? "", "Gertrude"],
  ]);

  // Another talk is another conversation.
  page.talk.select("Hal");
  const other = await page.when("another greeting", isAnswered(1));
  expect(other.conversationId).not.toBe(conversationId);
});

/** A server that keeps conversations, and a talk of two turns that it has kept. */
async function keepTalk() {
  const stack = new AsyncDisposableStack();
  const folder = stack.use(await createTempFolder());
  const conversations = stack.use(
    openConversationStore(
      { clock: systemClock, onTrouble: () => undefined },
      { file: join(folder.path, "talks.sqlite") },
    ),
  );
  const page = await setUp({ services: { conversations } });
  stack.defer(() => page[Symbol.asyncDispose]());
  page.talk.setServer({ isUp: true, canSpeak: false, keepsConversations: true });
  page.talk.select("Gertrude");
  await page.when("a greeting", isAnswered(1));
  page.talk.sendText("Remember the harbour.");
  const { conversationId = "" } = await page.when("an answer", isAnswered(3));
  return { ...page, conversations, conversationId, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

test("a talk of another time is taken up where it was, and nobody is greeted twice", async () => {
  await using page = await keepTalk();
  page.talk.select("Hal");
  await page.when("another greeting", (state) => state.character === "Hal" && isAnswered(1)(state));
  const asked = page.server.services.replyRequests.length;
  page.talk.takeUp("Gertrude", page.conversationId);
  const taken = await page.when("the old talk", ({ connection }) => connection === "open");
  expect([taken.character, taken.conversationId]).toEqual(["Gertrude", page.conversationId]);
  expect(taken.conversation.turns).toMatchObject([
    { speaker: "character", text: "Good evening.", state: "done" },
    { speaker: "user", text: "Remember the harbour.", state: "done", isSpoken: false },
    { speaker: "character", text: "Good evening." },
  ]);
  expect(page.server.services.replyRequests.length).toBe(asked);
  page.talk.sendText("Where were we?");
  await page.when("an answer", isAnswered(5));
  const told = page.server.services.replyRequests.at(-1)?.messages.map(({ content }) => content);
  expect(told).toContain("Remember the harbour.");
});

test("a talk that was taken up elsewhere comes back with what was said there", async () => {
  await using here = await keepTalk();
  const url = `${here.server.url.replace("http", "ws")}/v1/realtime?model=Gertrude&conversation=${here.conversationId}`;
  const there = new WebSocket(url, ["realtime"]);
  there.addEventListener("message", ({ data }: MessageEvent<string>) => {
    const { type } = JSON.parse(data) as { type: string };
    if (type !== "session.created") return;
    const content = [{ type: "input_text", text: "Said elsewhere." }];
    there.send(
      JSON.stringify({ type: "conversation.item.create", item: { type: "message", role: "user", content } }),
    );
  });
  const { conversation } = await here.when("the end", ({ connection }) => connection === "ended");
  expect(conversation.notice).toContain("goes on elsewhere");
  await eventually("it on disk", () => here.conversations.read(here.conversationId).itemCount === 4);
  // The one that is shown already: its line is opened again.
  here.talk.takeUp("Gertrude", here.conversationId);
  const back = await here.when("the line", ({ connection }) => connection === "open");
  expect(texts(back)).toEqual(["Good evening.", "Remember the harbour.", "Good evening.", "Said elsewhere."]);
  there.close();
});

test("a talk that is going on is left alone when it is taken up again", async () => {
  await using page = await keepTalk();
  const before = page.talk.state;
  page.talk.takeUp("Gertrude", page.conversationId);
  page.talk.select("Gertrude");
  expect(page.talk.state).toBe(before);
  page.talk.beginAnew();
  const anew = await page.when("a greeting", isAnswered(1));
  expect(anew.conversationId).not.toBe(page.conversationId);
});

test("a voice that comes while the line is being opened is used on it", async () => {
  await using page = await setUp();
  page.talk.select("Gertrude");
  expect(page.talk.state.connection).toBe("connecting");
  page.talk.setServer({ isUp: true, canSpeak: true, keepsConversations: false });
  const { conversation } = await page.when(
    "an answer",
    (state) => state.conversation.turns.length === 1 && state.conversation.responseId === undefined,
  );
  expect(conversation.turns[0]?.isSpoken).toBe(true);
});

test("a microphone that opens while the line is down listens hands-free when it is up", async () => {
  await using page = await setUp();
  const permission = Promise.withResolvers<void>();
  let opened: MicrophoneOptions | undefined;
  page.microphone.open = async (options) => {
    await permission.promise;
    opened = options;
    return { level: () => 0, close: () => undefined };
  };
  page.talk.select("Gertrude");
  await page.when("a greeting", isAnswered(1));
  page.talk.setHandsFree(true);
  await page.server.goAway();
  await page.when("the loss", ({ connection }) => connection === "lost");
  await page.server.comeBack();
  page.talk.reconnect();
  // Before the line is open, after it was told how to begin.
  permission.resolve();
  await page.when(
    "hands-free",
    ({ listening, connection }) => listening === "hands-free" && connection === "open",
  );
  const sound = resample(speakTones("are you listening"), { fromHz: 16_000, toHz: 24_000 });
  const withPause = new Float32Array(sound.length + 0.9 * 24_000);
  withPause.set(sound);
  for (let at = 0; at < withPause.length; at += 960) {
    opened?.onChunk(encodeS16le(withPause.subarray(at, at + 960)));
  }
  const { conversation } = await page.when("an answer", isAnswered(3));
  expect(conversation.turns[1]).toMatchObject({ speaker: "user", text: "are you listening" });
});

test("a key that no subprotocol can be is exchanged for one that can", async () => {
  await using page = await setUp({ apiKeys: ["c2VzYW1l/open=="] });
  page.talk.setApiKey("c2VzYW1l/open==");
  page.talk.select("Gertrude");
  await page.when("a greeting", isAnswered(1));
});

test("a wrong key of that kind is asked for again", async () => {
  await using page = await setUp({ apiKeys: ["c2VzYW1l/open=="] });
  page.talk.setApiKey("wrong/key==");
  page.talk.select("Gertrude");
  await page.when("the refusal", ({ connection }) => connection === "refused");
  page.talk.setApiKey("c2VzYW1l/open==");
  await page.when("a greeting", isAnswered(1));
});

test("a server that does not keep conversations any more is told this one", async () => {
  await using page = await setUp();
  page.talk.setServer({ isUp: true, canSpeak: false, keepsConversations: true });
  // It refuses an id that it cannot keep, and says so in its feed.
  page.talk.select("Gertrude");
  await page.when("the refusal", ({ connection }) => connection === "lost");
  page.talk.setServer({ isUp: true, canSpeak: false, keepsConversations: false });
  const { conversationId } = await page.when("a greeting", isAnswered(1));
  expect(conversationId).toBeUndefined();
});

test("a line that the server closed waits for the user, and typing opens it again", async () => {
  await using page = await setUp({ idleMs: 3000 });
  page.talk.select("Gertrude");
  const ended = await page.when("the end", ({ connection }) => connection === "ended");
  expect(ended.conversation.notice).toContain("Nobody said anything");
  expect(ended.conversation.error).toBeUndefined();
  const before = page.server.services.replyRequests.length;
  page.talk.sendText("I am back.");
  page.talk.sendText("Are you?");
  // It is not lost sight of while the line is opened.
  expect(texts(page.talk.state)).toEqual(["Good evening.", "I am back.\nAre you?"]);
  const { conversation } = await page.when("an answer", isAnswered(3));
  expect(conversation.turns[1]).toMatchObject({ text: "I am back.\nAre you?", state: "done" });
  const asked = page.server.services.replyRequests.slice(before);
  expect(asked.map(({ messages }) => messages.filter(({ role }) => role === "user"))).toEqual([
    [{ role: "user", content: "I am back.\nAre you?" }],
  ]);
});

test("a conversation that has used up its words says so once, and goes on at a press", async () => {
  await using page = await setUp({ maxSessionTokens: 10 });
  page.talk.select("Gertrude");
  const { conversation } = await page.when("the end", ({ connection }) => connection === "ended");
  expect([conversation.notice, conversation.error]).toEqual([
    "This conversation has used all the words that it may.",
    undefined,
  ]);
  page.talk.reconnect();
  await page.when("the line", ({ connection }) => connection === "open");
});

test("a locked door asks for the key, and opens with it", async () => {
  await using page = await setUp({ apiKeys: ["sesame"] });
  page.talk.select("Gertrude");
  await page.when("the refusal", ({ connection }) => connection === "refused");
  page.talk.setApiKey("sesame");
  await page.when("a greeting", isAnswered(1));
});

test("a full house is tried a few times, then told", async () => {
  await using page = await setUp({ maxSessions: 1 });
  const blocker = new WebSocket(`${page.server.url.replace("http", "ws")}/v1/realtime`, ["realtime"]);
  await new Promise((resolve) => blocker.addEventListener("message", resolve, { once: true }));
  page.talk.select("Gertrude");
  await page.when("a try", ({ connection }) => connection === "lost");
  blocker.close();
  await page.when("room", ({ connection }) => connection === "open");
});

test("a page that may not call is told why", async () => {
  await using page = await setUp({ apiKeys: ["sesame"] }, { type: "closed", message: "Not this page." });
  page.talk.select("Gertrude");
  const { conversation } = await page.when("the end", ({ connection }) => connection === "ended");
  expect(conversation.error).toBe("Not this page.");
});

test("without a microphone the talk button says so, and typing works", async () => {
  await using page = await setUp();
  page.talk.select("Gertrude");
  await page.when("a greeting", isAnswered(1));
  page.talk.startTalk();
  const { conversation } = await page.when("the error", (state) => state.conversation.error !== undefined);
  expect(conversation.error).toContain("No microphone was found");
  page.talk.sendText("Then by letter.");
  await page.when("an answer", isAnswered(3));
});

test("a saved character says that it answers anew", async () => {
  await using page = await setUp();
  page.talk.select("Gertrude");
  await page.when("a greeting", isAnswered(1));
  const [gertrude, hal] = page.server.services.stage.book.characters;
  page.server.services.stage.setCast([{ ...gertrude!, generation: 2 }, hal!]);
  const { conversation } = await page.when("the notice", (state) => state.conversation.notice !== undefined);
  expect(conversation.notice).toContain("Gertrude was edited");
});
