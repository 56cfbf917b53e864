// The shipped files in the real character host, copied elsewhere: each must be whole by itself.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { cp } from "node:fs/promises";
import { join } from "node:path";
import { createCharacterStage, type LiveCharacterStage } from "../../src/characters/character-stage.ts";
import type { ChatMessage } from "../../src/characters/port.ts";
import { createTempFolder, type TempFolder } from "../support/temp-folder.ts";
import { castFolder } from "./talk.ts";

describe("the shipped cast in another folder", () => {
  let folder: TempFolder;
  let stage: LiveCharacterStage;

  beforeAll(async () => {
    folder = await createTempFolder();
    await cp(castFolder, folder.path, { recursive: true });
    const news = join(folder.path, "nova-reyes.ts");
    const source = await Bun.file(news).text();
    // Nothing listens there; tests do not leave the machine.
    await Bun.write(news, source.replace(/feed_url: "[^"]*"/, 'feed_url: "http://127.0.0.1:9/"'));
    stage = await createCharacterStage({ emit: () => undefined }, { folder: folder.path, watch: false });
    await stage.settled();
  });

  afterAll(async () => {
    await stage[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  });

  test("comes on stage whole, without a problem", () => {
    expect(stage.book.problems).toEqual([]);
    expect(stage.book.characters.map(({ status, hasReply }) => [status, hasReply])).toEqual(
      Array.from({ length: 10 }, () => ["ready", true]),
    );
  });

  test("makes prompts and answers, for a seed always the same", async () => {
    const now = "2026-11-20T11:00:00.000Z";
    for (const character of stage.book.characters) {
      const messages: ChatMessage[] = [{ role: "user", content: "Hello, who are you?" }];
      const answer = async (): Promise<string> => {
        let text = "";
        for await (const piece of character.reply(messages, { now, seed: 3 })) text += piece;
        return text;
      };
      expect(await character.makeSystemPrompt({ now, seed: 3 })).toBe(
        await character.makeSystemPrompt({ now, seed: 3 }),
      );
      expect(await answer(), character.name).toBe(await answer());
    }
  });

  test("has tools that take good arguments and refuse bad ones", async () => {
    const tock = stage.book.find("Tock");
    const context = { now: "2026-11-20T11:00:00.000Z" };
    expect(await tock?.callTool("current_time", { time_zone: "Asia/Tokyo" }, context)).toMatchObject({
      time: "20:00:00",
      weekday: "Friday",
    });
    expect(await tock?.callTool("days_until", { date: "2026-12-25" }, context)).toEqual({ days: 35 });
    const refusal = (called: Promise<unknown> | undefined): Promise<string> =>
      called?.then(
        () => "",
        (error: Error) => error.message,
      ) ?? Promise.resolve("");
    expect(await refusal(tock?.callTool("days_until", { day: 3 }, context))).toContain("date");
    expect(await refusal(tock?.callTool("current_time", { time_zone: "Mars/Olympus" }, context))).toContain(
      "Mars",
    );
    const brine = stage.book.find("Captain Brine");
    expect(await brine?.callTool("roll_dice", {}, { seed: 1 })).toEqual(
      await brine?.callTool("roll_dice", {}, { seed: 1 }),
    );
    expect(await refusal(brine?.callTool("roll_dice", { count: 1000 }, {}))).toContain("count");
  });
});
