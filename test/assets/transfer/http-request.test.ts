import { expect, test } from "bun:test";
import { type Credential, type Fetch, openHttp } from "../../../src/assets/transfer/http-request.ts";
import { systemClock } from "../../../src/base/clock.ts";
import { AppError, encodeError } from "../../../src/base/errors.ts";
import { createAssetServer } from "../../support/asset-server.ts";
import { failureOf } from "../../support/failure-of.ts";

const hello = new TextEncoder().encode("hello");
const credential: Credential = { header: "x-api-key", value: "s3cret", variable: "MY_KEY" };

function open(url: string, more: Partial<Parameters<typeof openHttp>[1]> = {}, fetchLike: Fetch = fetch) {
  const signal = new AbortController().signal;
  return openHttp(
    { fetch: fetchLike, clock: systemClock, lookup: async () => [] },
    { url, label: "the thing", headerTimeoutMs: 5000, signal, ...more },
  );
}

/** A `fetch` that answers from a table of redirects, and a log of what it was asked. */
function scriptedFetch(redirects: Record<string, string>) {
  const asked: { url: string; key: string | null }[] = [];
  const fetchLike: Fetch = async (url, init) => {
    asked.push({ url, key: new Headers(init.headers).get("x-api-key") });
    const location = redirects[url];
    if (location === undefined) return new Response("hello");
    return new Response(null, { status: 302, headers: { location } });
  };
  return { asked, fetchLike };
}

test("a redirect on the same origin keeps the credential, one to another origin loses it", async () => {
  await using server = await createAssetServer();
  server.serve("/end", hello);
  server.failAlways("/a", { kind: "redirect", to: "/b", status: 307 });
  server.failAlways("/b", { kind: "redirect", to: `${server.otherOrigin}/end` });
  using opened = await open(`${server.origin}/a`, { credential });
  expect(await opened.response.text()).toBe("hello");
  expect(server.requests.map((r) => [r.origin, r.path, r.headers["x-api-key"]])).toEqual([
    ["main", "/a", "s3cret"],
    ["main", "/b", "s3cret"],
    ["other", "/end", undefined],
  ]);
});

test("a chain that comes back to the first origin does not get the credential again", async () => {
  await using server = await createAssetServer();
  server.serve("/end", hello);
  server.failAlways("/a", { kind: "redirect", to: `${server.otherOrigin}/b` });
  server.failAlways("/b", { kind: "redirect", to: `${server.origin}/end` });
  using opened = await open(`${server.origin}/a`, { credential });
  expect(opened.response.status).toBe(200);
  expect(server.requests.map((r) => r.headers["x-api-key"])).toEqual(["s3cret", undefined, undefined]);
});

test("range headers travel along a redirect", async () => {
  await using server = await createAssetServer();
  server.serve("/end", hello);
  server.failAlways("/a", { kind: "redirect", to: `${server.otherOrigin}/end` });
  using opened = await open(`${server.origin}/a`, { headers: { range: "bytes=1-3" } });
  expect(await opened.response.text()).toBe("ell");
});

test("the eleventh redirect is not followed", async () => {
  await using server = await createAssetServer();
  server.failAlways("/loop", { kind: "redirect", to: "/loop" });
  expect(await failureOf(open(`${server.origin}/loop`))).toMatchObject({
    code: "E_NET",
    message: expect.stringContaining("more than 10 redirects"),
    details: { is_final: true },
  });
  expect(server.requests.length).toBe(11);
});

test.each([
  ["https://example.com/a", "http://example.com/b", "from https to http"],
  ["https://example.com/a", "ftp://example.com/b", "to ftp:"],
  ["https://example.com/a", "https://127.0.0.1/b", "to a loopback address"],
  ["https://example.com/a", "https://[::ffff:10.0.0.1]/b", "to a private address"],
  ["https://example.com/a", "https://localhost:8080/b", "to a loopback address"],
  ["https://10.0.0.1/a", "https://169.254.169.254/latest", "link-local"],
  ["http://127.0.0.1/a", "http://metadata.google.internal/b", "link-local"],
  ["https://example.com/a", "https://", "no url"],
])("%s may not redirect to %s", async (from, to, problem) => {
  const { asked, fetchLike } = scriptedFetch({ [from]: to });
  expect((await failureOf(open(from, {}, fetchLike))).message).toContain(problem);
  expect(asked.length).toBe(1);
});

test.each([
  ["http://127.0.0.1/a", "http://127.0.0.1:81/b"],
  ["http://127.0.0.1/a", "https://example.com/b"],
  ["http://192.168.1.2/a", "http://10.0.0.1/b"],
  ["http://example.com/a", "https://cdn.example.com/b"],
])("%s may redirect to %s", async (from, to) => {
  const { asked, fetchLike } = scriptedFetch({ [from]: to });
  using opened = await open(from, { credential }, fetchLike);
  expect(opened.response.status).toBe(200);
  expect(asked.map(({ key }) => key)).toEqual(["s3cret", null]);
});

/** A resolver of a made-up world. */
const world: Record<string, string[]> = {
  "example.com": ["93.184.216.34"],
  "cdn.example.com": ["93.184.216.35", "2606:4700::1"],
  "evil.example.com": ["93.184.216.36", "10.0.0.7"],
  "mapped.example.com": ["::ffff:127.0.0.1"],
  "metadata.example.com": ["169.254.169.254"],
  "hub.lan": ["192.168.1.2"],
  "files.lan": ["192.168.1.3"],
};
const lookUpInWorld = async (host: string): Promise<string[]> =>
  world[host] ?? (/^[\d.]+$|:/.test(host) ? [host] : Promise.reject(new Error("ENOTFOUND")));
const openInWorld = (url: string, isGuarded: boolean, fetchLike: Fetch) =>
  openHttp(
    { fetch: fetchLike, clock: systemClock, lookup: lookUpInWorld },
    { url, label: "the thing", headerTimeoutMs: 5000, signal: new AbortController().signal, isGuarded },
  );

test.each([
  ["https://example.com/a", "https://evil.example.com/b", "to a private address"],
  ["https://example.com/a", "https://mapped.example.com/b", "to a loopback address"],
  ["https://hub.lan/a", "https://metadata.example.com/b", "to a link-local address"],
])("what the operator named, %s, may not redirect to %s, whose name hides it", async (from, to, problem) => {
  const { asked, fetchLike } = scriptedFetch({ [from]: to });
  expect((await failureOf(openInWorld(from, false, fetchLike))).message).toContain(problem);
  expect(asked.length).toBe(1);
});

test.each([
  ["https://hub.lan/a", "https://files.lan/b"],
  ["https://example.com/a", "https://cdn.example.com/b"],
  ["https://example.com/a", "https://unknown.example.com/b"],
])("what the operator named, %s, may redirect within its class: %s", async (from, to) => {
  const { asked, fetchLike } = scriptedFetch({ [from]: to });
  using opened = await openInWorld(from, false, fetchLike);
  expect([opened.response.status, asked.length]).toEqual([200, 2]);
});

test.each([
  ["http://127.0.0.1/a", "a loopback address"],
  ["http://[::ffff:10.0.0.1]/a", "a private address"],
  ["http://2130706433/a", "a loopback address"],
  ["http://hub.lan/a", "a host with a private address"],
  ["https://evil.example.com/a", "a host with a private address"],
  ["https://mapped.example.com/a", "a host with a loopback address"],
  ["https://metadata.example.com/a", "a host with a link-local address"],
  ["https://unknown.example.com/a", "a host that nobody knows"],
])("what did not come from the operator is not asked at %s", async (url, what) => {
  const { asked, fetchLike } = scriptedFetch({});
  const failure = await failureOf(openInWorld(url, true, fetchLike));
  expect(failure).toMatchObject({ code: "E_NET", details: { is_final: true } });
  expect(failure.message).toContain(what);
  expect(asked).toEqual([]);
});

test.each([
  "http://127.0.0.1/b",
  "https://evil.example.com/b",
  "https://hub.lan/b",
  "http://169.254.169.254/b",
])("and not after a redirect to %s, at whichever hop", async (to) => {
  const from = "http://example.com/a";
  const hop = "http://cdn.example.com/hop";
  const { asked, fetchLike } = scriptedFetch({
    "http://93.184.216.34/a": hop,
    "http://93.184.216.35/hop": to,
  });
  expect(await failureOf(openInWorld(from, true, fetchLike))).toMatchObject({ code: "E_NET" });
  expect(asked.length).toBe(2);
});

test("a plain request of a guarded name goes to the address that was looked at, under its name", async () => {
  const hosts: [string, string | null][] = [];
  const fetchLike: Fetch = async (url, init) => {
    hosts.push([url, new Headers(init.headers).get("host")]);
    return new Response("hello");
  };
  (await openInWorld("http://example.com:8080/a?b", true, fetchLike)).abort();
  (await openInWorld("https://example.com/a", true, fetchLike)).abort();
  expect(hosts).toEqual([
    ["http://93.184.216.34:8080/a?b", "example.com:8080"],
    ["https://example.com/a", null],
  ]);
});

test("a refusal names the variable and never its value", async () => {
  await using server = await createAssetServer();
  server.failAlways("/x", { kind: "status", status: 401 });
  const error = await open(`${server.origin}/x`, { credential }).catch((e: unknown) => e);
  expect(error).toMatchObject({ code: "E_PERM", details: { token_env_var: "MY_KEY", status: 401 } });
  expect((error as AppError).message).toContain("MY_KEY");
  expect(JSON.stringify(encodeError(error)) + Bun.inspect(error)).not.toContain("s3cret");
});

test("a host that refuses is E_NET at once and names the thing, not the host", async () => {
  const started = performance.now();
  const error = await open("http://127.0.0.1:9/x", { headerTimeoutMs: 50_000 }).catch((e: unknown) => e);
  expect(error).toMatchObject({ code: "E_NET", details: { source: "the thing" } });
  expect(Bun.inspect(error)).not.toContain("127.0.0.1");
  expect(performance.now() - started).toBeLessThan(10_000);
});

test("an answer that is no HTTP is E_NET", async () => {
  using noise = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: { data: (socket) => void socket.end("this is not HTTP\r\n\r\n") },
  });
  expect(await failureOf(open(`http://127.0.0.1:${noise.port}/`))).toMatchObject({ code: "E_NET" });
});

test("an abort while waiting for headers is E_INTERRUPTED, with its own reason", async () => {
  await using server = await createAssetServer();
  server.failAlways("/x", { kind: "silence" });
  const abort = new AbortController();
  const opening = open(`${server.origin}/x`, { signal: abort.signal });
  await server.waitForRequest(() => true);
  abort.abort(new AppError("E_INTERRUPTED", "enough", { discard: true }));
  expect(await failureOf(opening)).toMatchObject({ message: "enough", details: { discard: true } });
});

test("a bug in what fetches is not taken for the network", async () => {
  const broken: Fetch = () => Promise.reject(new TypeError("undefined is not a function"));
  expect(await failureOf(open("http://example.com/", {}, broken))).toBeInstanceOf(TypeError);
});
