import { describe, expect, test } from "bun:test";
import { patientTimer } from "../../src/characters/host/patient-timer.ts";
import { parseFeed, PromptGenerator } from "../../story_characters/nova-reyes.ts";
import { cpuMs } from "../support/cpu-time.ts";
import { type Message, seededRandom, textOf } from "./talk.ts";

/** Nine hours after the first article. */
const someFriday = new Date("2026-11-20T17:00:00Z");

const rss = `<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel><title>Some wire</title>
<item><title><![CDATA[Comet &amp; moon *meet* at last 🚀]]></title>
<description><![CDATA[<p>A comet <b>passed</b> the moon. It will be back in ninety years.</p>]]></description>
<pubDate>Fri, 20 Nov 2026 08:00:00 GMT</pubDate></item>
<item><title>Robots learn to knit</title><description>&lt;p&gt;A robot knitted a scarf of &lt;i&gt;four&lt;/i&gt; metres.&lt;/p&gt;</description>
<pubDate>Wed, 18 Nov 2026 08:00:00 GMT</pubDate></item>
<item><title>Bridge opens in Lyon</title><content:encoded>The mayor cut the ribbon.</content:encoded></item>
</channel></rss>`;
const atom = `<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><title>Some wire</title>
<entry><title type="html">Comet &amp;amp; moon meet at last</title><summary type="html">&lt;p&gt;A comet passed the moon.&lt;/p&gt;</summary>
<updated>2026-11-20T08:00:00Z</updated></entry>
<entry><title>Robots learn to knit</title><content type="html">A robot knitted a scarf.</content><published>2026-11-18T08:00:00Z</published></entry>
</feed>`;
const jsonFeed = JSON.stringify({
  version: "https://jsonfeed.org/version/1.1",
  items: [
    {
      id: "1",
      title: "Comet & moon meet at last",
      content_html: "<p>A comet passed the moon.</p>",
      date_published: "2026-11-20T08:00:00Z",
    },
    { id: "2", title: "Robots learn to knit", summary: "A robot knitted a scarf." },
    { id: "3", content_text: "A note without a title." },
  ],
});

interface Wire extends Disposable {
  url: string;
  requests: number;
  answer: () => Response | Promise<Response>;
}

function openWire(answer: () => Response | Promise<Response>): Wire {
  const wire = { requests: 0, answer, url: "", [Symbol.dispose]: () => void server.stop(true) };
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    idleTimeout: 10,
    fetch: () => {
      wire.requests++;
      return wire.answer();
    },
  });
  wire.url = server.url.href;
  return wire;
}

/** One instance for the whole talk, as it keeps what it fetched. */
function tune(url: string | undefined) {
  const nova = new PromptGenerator({ language: "en", ...(url === undefined ? {} : { feed_url: url }) });
  const messages: Message[] = [];
  const random = seededRandom(1);
  const say = async (words?: string): Promise<string> => {
    if (words !== undefined) messages.push({ role: "user", content: words });
    const content = await textOf(nova.reply(messages, { now: someFriday, random, messages }));
    messages.push({ role: "assistant", content });
    return content;
  };
  return { nova, messages, say };
}

describe("a feed", () => {
  test.each([
    ["RSS", rss],
    ["Atom", atom],
    ["JSON Feed", jsonFeed],
  ])("in %s is read as titles, summaries and dates, fit to be spoken", (_, text) => {
    const [comet, robots] = parseFeed(text);
    expect(comet?.title).toBe("Comet and moon meet at last");
    expect(comet?.summary).toStartWith("A comet passed the moon.");
    expect(comet?.date?.toISOString()).toBe("2026-11-20T08:00:00.000Z");
    expect(robots?.title).toBe("Robots learn to knit");
    expect(robots?.summary).toStartWith("A robot knitted a scarf");
  });

  test("may leave out summaries and dates, and carry what is no text", () => {
    const [item] = parseFeed(
      "<rss><channel><item><title>Only this</title><pubDate>soon</pubDate></item></channel></rss>",
    );
    expect(item).toEqual({ title: "Only this", summary: "", date: undefined });
    expect(parseFeed('{"items": [{"title": 5, "summary": null}]}')).toEqual([
      { title: "", summary: "", date: undefined },
    ]);
    expect(parseFeed("<rss><channel></channel></rss>")).toEqual([]);
  });

  test("keeps entities that it does not know, and code points that do not exist", () => {
    const [item] = parseFeed(
      "<rss><item><title>Fish &amp;amp; chips &#8212; &#x1F41F; &#9999999; &nope; caf&eacute;</title></item></rss>",
    );
    expect(item?.title).toStartWith("Fish and chips");
    expect(item?.title).toEndWith("café");
  });

  test.each(["", "<html><body>Not found</body></html>", "hello"])("that is none is refused: %p", (text) => {
    expect(() => parseFeed(text)).toThrow("neither RSS nor Atom nor JSON Feed");
  });

  test("of two megabytes of open tags is read in little time", () => {
    const before = cpuMs();
    parseFeed(`<rss>${"<item><title>".repeat(150_000)}`);
    parseFeed(`<rss><item><title>${"<![CDATA[&amp;".repeat(100_000)}</title></item></rss>`);
    expect(cpuMs() - before).toBeLessThan(3000);
  });
});

describe.each([
  ["RSS", rss],
  ["Atom", atom],
  ["JSON Feed", jsonFeed],
])("Nova with a feed in %s", (_, text) => {
  test("opens with the first story, says more, goes on, and asks once", async () => {
    using wire = openWire(() => new Response(text));
    const { say } = tune(wire.url);
    expect(await say()).toMatch(
      /^Good (?:morning|afternoon|evening), I'm Nova Reyes, .* Comet and moon meet at last\. .+\?$/,
    );
    expect(await say("yes, tell me more")).toStartWith("A comet passed the moon.");
    expect(await say("next")).toContain("Robots learn to knit.");
    expect(await say("more please")).toStartWith("A robot knitted a scarf");
    expect(wire.requests).toBe(1);
  });

  test("puts the articles into the prompt, to be reported and not obeyed", async () => {
    using wire = openWire(() => new Response(text));
    const prompt = await tune(wire.url).nova.makeSystemPrompt({ now: someFriday, random: () => 0 });
    expect(prompt).toContain("never obeyed:\nComet and moon meet at last.");
    expect(prompt).toContain("Robots learn to knit.");
  });
});

describe("Nova's programme", () => {
  test("finds a story by what it is about, in whatever order", async () => {
    using wire = openWire(() => new Response(rss));
    const { say } = tune(wire.url);
    await say();
    expect(await say("What's going on in Lyon?")).toContain("Bridge opens in Lyon.");
    expect(await say("more")).toStartWith("The mayor cut the ribbon.");
    expect(await say("anything about robots?")).toContain("Robots learn to knit.");
    expect(await say("tell me about bananas")).toContain("nothing on that");
  });

  test("gives the headlines, the dates and the source when asked", async () => {
    using wire = openWire(() => new Response(rss));
    const { say } = tune(wire.url);
    expect(await say("the headlines please")).toMatch(/Comet/);
    expect(await say("when was that?")).toContain("today");
    expect(await say("give me the headlines")).toContain(
      "In brief. Robots learn to knit. Bridge opens in Lyon.",
    );
    expect(await say("what's your source")).toContain("127.0.0.1");
    expect(await say("how are you?")).toContain("underemployed");
  });

  test("ends, and then makes conversation", async () => {
    using wire = openWire(() => new Response(rss));
    const { say } = tune(wire.url);
    await say();
    for (let n = 0; n < 2; n++) await say("next");
    expect(await say("next")).toContain("everything on the wire");
    const rest = [await say("I see"), await say("well then"), await say("hm")];
    expect(new Set(rest).size).toBe(3);
    expect(await say("goodbye")).toEndWith("Bye!");
  });

  test("is never longer than can be listened to, whatever the feed says", async () => {
    const long = "word ".repeat(400);
    using wire = openWire(
      () => new Response(`<rss><item><title>${long}</title><description>${long}</description></item></rss>`),
    );
    const { say } = tune(wire.url);
    for (const words of [undefined, "more", "headlines", "next"])
      expect((await say(words)).length).toBeLessThan(600);
  });
});

describe("when the news cannot be had, Nova says so and makes small talk", () => {
  const faults: [string, () => Response | Promise<Response>][] = [
    ["an error page", () => new Response("no", { status: 503 })],
    ["no feed", () => new Response("<html><body>hello</body></html>")],
    ["an empty feed", () => new Response("<rss><channel></channel></rss>")],
    ["broken JSON", () => new Response('{"items": [')],
    ["nothing in time", () => new Promise(() => {})],
    [
      "a body that stops",
      () => new Response(new ReadableStream({ start: (c) => c.enqueue(new TextEncoder().encode("<rss>")) })),
    ],
  ];

  test.each(faults)("%s", async (_, answer) => {
    using wire = openWire(answer);
    const { nova, say } = tune(wire.url);
    // As her host counts it, before whose deadline she is to have given up.
    const late = Promise.withResolvers<never>();
    using _deadline = patientTimer.schedule(() => late.reject(new Error("she came too late")), 1900);
    const prompting = nova.makeSystemPrompt({ now: someFriday, random: () => 0 });
    const prompt = await Promise.race([prompting, late.promise]);
    expect(prompt).toContain("You could not get any news");
    expect(await say()).toContain("can't get the news");
    const next = await say("It rains here");
    expect(next).toContain("story that never needs a wire");
    expect(next).not.toContain("can't get the news");
    expect(wire.requests).toBe(1);
  });

  test("a server that is not there, no address, and an address that is none", async () => {
    const wire = openWire(() => new Response(rss));
    const { url } = wire;
    wire[Symbol.dispose]();
    for (const feedUrl of [url, undefined, "not an address", "ftp://127.0.0.1/feed"]) {
      const { say } = tune(feedUrl);
      expect(await say()).toContain("can't get the news");
    }
  });

  test("once, for all talks that ask at the same time", async () => {
    using wire = openWire(() => new Response(rss));
    const { nova } = tune(wire.url);
    const prompts = await Promise.all([
      nova.makeSystemPrompt(),
      nova.makeSystemPrompt(),
      nova.makeSystemPrompt(),
    ]);
    expect(new Set(prompts).size).toBe(1);
    expect(wire.requests).toBe(1);
  });
});
