// A conversation over a line that breaks, ends and comes back, against the real server.
import { expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { systemClock } from "../../src/base/clock.ts";
import { openConversationStore } from "../../src/session/conversation-store.ts";
import { createTalk, type TalkState } from "../../src/web/talk.ts";
import type { DoorState } from "../../src/web/door.ts";
import { createFakePlayer } from "../support/fake-player.ts";
import { createFakeCharacter, sayWords } from "../support/fake-services.ts";
import { type PageServerOptions, startPageServer } from "../support/page-server.ts";
import { createTempFolder } from "../support/temp-folder.ts";

setDefaultTimeout(60_000);
/** Longer than a machine with much to do ever needs; nothing here waits so long when all is well. */
const patienceMs = 20_000;

async function setUp(options: Partial<PageServerOptions> = {}, door: DoorState = { type: "away" }) {
  const server = await startPageServer({
    characters: [createFakeCharacter("Gertrude"), createFakeCharacter("Hal")],
    script: sayWords("Good evening."),
    ...options,
  });
  const talk = createTalk(
    {
      socketUrl: (name, id) =>
        `${server.url.replace("http", "ws")}/v1/realtime?model=${name}${id === undefined ? "" : `&conversation=${id}`}`,
      openMicrophone: () => Promise.reject(new DOMException("none", "NotFoundError")),
      createPlayer: (playerOptions) => createFakePlayer(playerOptions),
      probeDoor: () => Promise.resolve(door),
    },
    { apiKey: undefined },
  );
  talk.setServer({ isUp: true, canSpeak: false, keepsConversations: false });
  return {
    server,
    talk,
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
  await using page = await setUp({ idleMs: 400 });
  page.talk.select("Gertrude");
  const ended = await page.when("the end", ({ connection }) => connection === "ended");
  expect(ended.conversation.notice).toContain("Nobody said anything");
  expect(ended.conversation.error).toBeUndefined();
  page.talk.sendText("I am back.");
  await page.when("an answer", (state) => texts(state).includes("I am back.") && texts(state).length === 3);
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
  await using page = await setUp({ apiKeys: ["sesame"] }, { type: "key" });
  page.talk.select("Gertrude");
  await page.when("the refusal", ({ connection }) => connection === "refused");
  page.talk.setApiKey("sesame");
  await page.when("a greeting", isAnswered(1));
});

test("a full house is tried a few times, then told", async () => {
  await using page = await setUp({ maxSessions: 1 }, { type: "open" });
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
