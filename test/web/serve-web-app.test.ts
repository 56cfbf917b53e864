import { beforeAll, expect, test } from "bun:test";
import { createWebApp, type WebApp } from "../../src/web/serve-web-app.ts";

let app: WebApp;
beforeAll(async () => {
  app = await createWebApp();
});
const get = (path: string, headers: Record<string, string> = {}) =>
  app(new Request(`http://localhost${path}`, { headers }));

test("the page and every file that it names are there, and nothing else is", async () => {
  const page = await (get("/") as Response).text();
  const named = [...page.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1] as string);
  expect(named).toContain("/web/main.js");
  for (const path of [...named, "/web/microphone-worklet.js"]) expect(get(path)?.status).toBe(200);
  for (const path of ["/web/app.tsx", "/web/../package.json", "/nowhere"]) expect(get(path)).toBeUndefined();
});

test("nothing on the page asks another host", async () => {
  for (const path of ["/", "/web/main.js", "/web/theme.css"]) {
    const text = await (get(path) as Response).text();
    const hosts = [...text.matchAll(/https?:\/\/[\w.-]+/g)].map(([url]) => url);
    // Names of XML vocabularies are not addresses to visit.
    expect(hosts.filter((url) => !url.includes("www.w3.org"))).toEqual([]);
  }
});

test("a known version costs no body", () => {
  const etag = get("/web/main.js")?.headers.get("etag") ?? "";
  expect(get("/web/main.js", { "if-none-match": etag })?.status).toBe(304);
});

test("the page may only talk to where it came from", () => {
  const policy = get("/")?.headers.get("content-security-policy") ?? "";
  expect(policy).toContain("default-src 'self'");
  // Nothing else lets a script or a socket go elsewhere.
  expect(policy).not.toMatch(/(script|style|connect|img|media)-src|unsafe|https?:|wss?:|data:|blob:|\*/);
  expect(policy).toContain("frame-ancestors 'none'");
});
