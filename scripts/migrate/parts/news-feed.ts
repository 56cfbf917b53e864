// The articles of a feed: RSS, Atom or JSON Feed, read with bounds in time and size.

interface Article {
  title: string;
  summary: string;
}

/** A prompt may take two seconds in all. */
const FETCH_TIMEOUT_MS = 1200;
const MAX_FEED_CHARS = 2_000_000;
const MAX_BLOCK_CHARS = 20_000;
const MAX_ARTICLES = 10;
const MAX_SUMMARY_CHARS = 300;

const NAMED: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", nbsp: " " };

/** Without tags, addresses and marks that a voice cannot say. */
function spoken(markup: string): string {
  const decoded = markup
    .replace(/<!\[CDATA\[([\s\S]*?)\]\]>/g, "$1")
    .replace(/&(#x?)?(\w{1,8});/g, (whole, mark: string | undefined, name: string) => {
      if (mark === undefined) return NAMED[name] ?? whole;
      const code = Number.parseInt(name, mark === "#" ? 10 : 16);
      return code > 0 && code < 0x110000 ? String.fromCodePoint(code) : " ";
    });
  return decoded
    .replace(/<[^>]*>/g, " ")
    .replace(/https?:\/\/\S+|[*_#`|~<>[\]{}\\^]|\p{Extended_Pictographic}/gu, " ")
    .replace(/\s+/g, " ")
    .trim();
}

const articleOf = (title: unknown, summary: unknown): Article => ({
  title: spoken(typeof title === "string" ? title : ""),
  summary: spoken(typeof summary === "string" ? summary : "").slice(0, MAX_SUMMARY_CHARS),
});

function parseFeed(text: string): Article[] {
  if (text.trimStart().startsWith("{")) {
    const { items = [] } = JSON.parse(text) as { items?: Record<string, unknown>[] };
    return items
      .slice(0, MAX_ARTICLES)
      .map((item) =>
        articleOf(item["title"], item["summary"] ?? item["content_text"] ?? item["content_html"]),
      );
  }
  // Short blocks keep the patterns below fast, whatever a feed sends.
  const blocks = text
    .split(/<(?:item|entry)[\s>]/, MAX_ARTICLES * 3)
    .slice(1)
    .map((block) => block.slice(0, MAX_BLOCK_CHARS));
  const tag = (block: string, name: string): string | undefined =>
    new RegExp(`<${name}(?:\\s[^>]*)?>([\\s\\S]*?)</${name}>`).exec(block)?.[1];
  return blocks.map((block) =>
    articleOf(
      tag(block, "title"),
      tag(block, "description") ?? tag(block, "summary") ?? tag(block, "content"),
    ),
  );
}

/** None when the feed cannot be had or says nothing. Never throws. */
export async function fetchArticles(feedUrl: string): Promise<Article[]> {
  try {
    const response = await fetch(feedUrl, { signal: AbortSignal.timeout(FETCH_TIMEOUT_MS) });
    if (!response.ok || !response.body) return [];
    const decoder = new TextDecoder();
    let text = "";
    for await (const bytes of response.body) {
      text += decoder.decode(bytes, { stream: true });
      if (text.length > MAX_FEED_CHARS) break;
    }
    return parseFeed(text)
      .filter(({ title }) => title !== "")
      .slice(0, MAX_ARTICLES);
  } catch {
    return [];
  }
}
