// The parts that talk: small talk, a given part, the guide, and the news with and without a feed.
import { describe, expect, test } from "bun:test";
import { PromptGenerator as Constant } from "../../../scripts/migrate/parts/constant.ts";
import { PromptGenerator as News } from "../../../scripts/migrate/parts/news.ts";
import { PromptGenerator as Smalltalk } from "../../../scripts/migrate/parts/smalltalk.ts";
import { PromptGenerator as Guide } from "../../../scripts/migrate/parts/unmute-explanation.ts";
import { openTalk } from "./talk-with.ts";
import { cpuMs } from "../../support/cpu-time.ts";

describe("every prompt", () => {
  const generators = {
    constant: (language: string | null) => new Constant({ text: "You are Gertrude.", language }),
    smalltalk: (language: string | null) => new Smalltalk({ language }),
    guide: (language: string | null) => new Guide({ language }),
  };
  test.each(Object.entries(generators))(
    "of %s carries the rules of speaking and its language",
    (_, create) => {
      const now = new Date(2026, 0, 5, 21, 0);
      const prompt = (language: string | null, userName?: string): string =>
        create(language).makeSystemPrompt({ now, random: () => 0.5, userName });
      expect(prompt("fr")).toContain("Speak French.");
      expect(prompt("en/fr")).toContain("Begin in English");
      expect(prompt("fr/en")).toContain("Begin in French");
      expect(prompt(null)).toContain("the language that the user speaks");
      expect(prompt(null, "Eve")).toContain("The user is called Eve.");
      for (const rule of [
        "no markdown",
        "mishears",
        '"..." is silence',
        '"Bye!"',
        "one to three sentences",
      ]) {
        expect(prompt("en")).toContain(rule);
      }
    },
  );

  test("small talk knows the day and the hour, and draws an opening", () => {
    const generator = new Smalltalk({ language: "en" });
    const at = (hour: number, draw: number): string =>
      generator.makeSystemPrompt({ now: new Date(2026, 0, 5, hour), random: () => draw });
    expect(at(21, 0)).toContain("It is evening, Monday, 5 January 2026.");
    expect(at(8, 0)).toContain("It is morning");
    expect(at(8, 0)).not.toBe(at(8, 0.99));
  });

  test("a given part stands in the prompt as it is", () => {
    const text = "Tu es ${général} `de Gaulle`.\nGrave.";
    expect(new Constant({ text }).makeSystemPrompt()).toContain(text);
  });
});

describe("a little talk", () => {
  test("greets by the hour, follows up, never says the same twice in a row, and ends", async () => {
    const talk = openTalk(new Smalltalk({ language: "en" }), { now: new Date(2026, 0, 5, 8) });
    expect(await talk.say()).toMatch(/morning/);
    expect(await talk.say("I'm so tired of work")).toContain("That sounds hard");
    const follow = [await talk.say("well, yes, the boss"), await talk.say("my garden")];
    expect(new Set(follow).size).toBe(2);
    expect(await talk.say("...")).toContain("listening");
    expect(await talk.say("...")).toContain("still there");
    expect(await talk.say("...")).toContain("Bye!");
  });

  test("follows the user into French only where it may", async () => {
    const free = openTalk(new Smalltalk({ language: "en/fr" }));
    expect(await free.say()).toMatch(/Good|Hello/);
    expect(await free.say("Bonjour, je suis fatigué")).toContain("pèse");
    const bound = openTalk(new Smalltalk({ language: "en" }));
    await bound.say();
    expect(await bound.say("Bonjour, je suis là")).not.toMatch(/[éèà]/);
    expect(await openTalk(new Smalltalk({ language: "fr" })).say()).toContain("Bonjour");
  });

  test("a given part can say what it is", async () => {
    const talk = openTalk(new Constant({ text: "You are Gertrude. Be kind." }));
    await talk.say();
    expect(await talk.say("who are you?")).toBe("My part reads: You are Gertrude.");
    const dear = openTalk(new Constant({ text: "You sell $& and {clock} for $$5." }));
    await dear.say();
    expect(await dear.say("who are you?")).toBe("My part reads: You sell $& and {clock} for $$5.");
  });

  test("a part written in French begins in French, and follows the user out of it", async () => {
    const talk = openTalk(new Constant({ text: "Tu es un général, et tu parles avec gravité." }));
    expect(await talk.say()).toContain("Bonjour");
    expect(await talk.say("how are you?")).toContain("And how are you");
    expect(await openTalk(new Constant({ text: "You are a general." })).say()).toMatch(/Good|Hello/);
  });

  test("the guide tells topic by topic, and answers what it is asked", async () => {
    const talk = openTalk(new Guide({}));
    const first = await talk.say();
    expect(first).toContain("Troupe");
    expect(await talk.say("how do you hear me?")).toContain("recogniser");
    const more = await talk.say("go on");
    expect([first]).not.toContain(more);
    expect(await talk.say("can I use it offline?")).toContain("machine");
  });
});

describe("the news", () => {
  const rss = `<?xml version="1.0"?><rss><channel><title>Feed</title>
<item><title><![CDATA[Robots learn to <b>dance</b>]]></title><description>They like &amp; love it. https://x.invalid</description></item>
<item><title>A second &quot;story&quot;</title></item></channel></rss>`;
  const serve = (body: string | null) =>
    Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch: () => (body === null ? new Response("no", { status: 500 }) : new Response(body)),
    });

  test.each([
    ["RSS", rss],
    [
      "Atom",
      `<feed><entry><title>Robots learn to dance</title><summary>They like it.</summary></entry><entry><title>A second "story"</title></entry></feed>`,
    ],
    [
      "JSON Feed",
      JSON.stringify({
        items: [
          { title: "Robots learn to dance", content_html: "<p>They like it</p>" },
          { title: 'A second "story"' },
        ],
      }),
    ],
  ])("of %s stands in the prompt, and is told headline by headline", async (_, body) => {
    using server = serve(body);
    const generator = new News({ language: "en", feed_url: server.url.href });
    const prompt = await openTalk(generator).prompt();
    expect(prompt).toContain("Robots learn to dance: They like");
    expect(prompt).not.toMatch(/<|https:/);
    const talk = openTalk(generator);
    expect(await talk.say()).toContain("Here is the latest. Robots learn to dance.");
    expect(await talk.say("tell me more")).toContain("They like");
    expect(await talk.say("next")).toContain('A second "story"');
    expect(await talk.say("next")).toContain("all that I have");
    expect(await talk.say("hm")).not.toContain("all that I have");
  });

  test.each([
    ["an error", null],
    ["something else", "<html>hello</html>"],
  ])("that cannot be had, for %s, becomes small talk with an apology", async (_, body) => {
    using server = serve(body);
    const generator = new News({ language: "en", feed_url: server.url.href });
    expect(await openTalk(generator).prompt()).toContain("The news cannot be had at the moment");
    const talk = openTalk(generator);
    expect(await talk.say()).toContain("I'm sorry, I can't get the news");
    expect(await talk.say("how are you?")).toContain("I'm well");
  });

  test("a feed made to keep the reader busy takes no longer than a prompt may", async () => {
    using server = serve(`<rss><item>${"<title>".repeat(250_000)}`);
    const startMs = cpuMs();
    await new News({ feed_url: server.url.href }).makeSystemPrompt();
    expect(cpuMs() - startMs).toBeLessThan(1500);
  });
});
