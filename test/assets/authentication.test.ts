// Tokens: where they are found, where they go, and where they do not.
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import type { AssetDefinition } from "../../src/assets/asset-schema.ts";
import { createTokens, listTokens, listTokenVariables } from "../../src/assets/credentials.ts";
import { failureOf } from "../support/failure-of.ts";
import { serveHub } from "../support/hub-server.ts";
import { createTempFolder } from "../support/temp-folder.ts";
import { createStoreFixture, makeBytes, readBytes } from "./store-fixture.ts";

const hub = (tokenVariable?: string) => ({
  type: "hf" as const,
  repoId: "owner/name",
  revision: "main",
  ...(tokenVariable === undefined ? {} : { authentication: { tokenVariable } }),
});
const http = (tokenVariable: string) => ({
  type: "http" as const,
  url: "https://models.example/a.bin",
  authentication: { tokenVariable, scheme: "Bearer", headerName: "Authorization" },
});

describe("a hub token is looked for", () => {
  test("in the named variable, then in the usual ones, then in the token file, and is trimmed", async () => {
    await using folder = await createTempFolder();
    const file = await folder.write("token", "from-file\n");
    const environment: Record<string, string> = {
      MINE: " mine \n",
      HF_TOKEN: "first",
      HUGGING_FACE_HUB_TOKEN: "second",
      HUGGINGFACE_TOKEN: "third",
      HF_TOKEN_PATH: file,
    };
    const order = ["MINE", "HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HUGGINGFACE_TOKEN", "HF_TOKEN_PATH"];
    const values = ["mine", "first", "second", "third", "from-file"];
    for (const [index, variable] of order.entries()) {
      expect(await createTokens({ environment }).find(hub("MINE"))).toEqual({
        value: values[index] as string,
        variable,
      });
      if (variable !== "HF_TOKEN_PATH") environment[variable] = "  "; // blank is not set
    }
    await Bun.write(file, "\n");
    const tokens = createTokens({ environment });
    expect(await tokens.find(hub("MINE"))).toBeNull();
    expect(await tokens.findMissing(hub("MINE"))).toBe("MINE");
    expect(await tokens.findMissing(hub())).toBeNull();
  });

  test("in the hub client's own place when no path is given", async () => {
    await using folder = await createTempFolder();
    await folder.write(".cache/huggingface/token", "usual");
    await folder.write("hub-home/token", "moved");
    expect(await createTokens({ environment: { HOME: folder.path } }).find(hub())).toEqual({
      value: "usual",
      variable: "HF_TOKEN_PATH",
    });
    const moved = { HOME: folder.path, HF_HOME: join(folder.path, "hub-home") };
    expect((await createTokens({ environment: moved }).find(hub()))?.value).toBe("moved");
  });

  test("nowhere for plain urls but in the variable that they name", async () => {
    const tokens = createTokens({ environment: { HF_TOKEN: "hub", MINE: "mine" } });
    expect(await tokens.find(http("MINE"))).toEqual({ value: "mine", variable: "MINE" });
    expect(await tokens.findMissing(http("OTHER"))).toBe("OTHER");
    expect(await tokens.find({ type: "http", url: "https://models.example/a.bin" })).toBeNull();
  });
});

test("a token that no header can carry is E_PERM, and is quoted nowhere", async () => {
  const tokens = createTokens({ environment: { MINE: "two words" } });
  const error = await failureOf(tokens.find(http("MINE")));
  expect(error).toMatchObject({ code: "E_PERM", details: { token_env_var: "MINE" } });
  expect(Bun.inspect(error)).not.toContain("two words");
});

test("variables of tokens are told with whether they hold one, and never what", async () => {
  const definition: AssetDefinition = {
    name: "voice",
    sources: [
      { type: "http", url: "https://a.example/x", authentication: { tokenVariable: "HOUSE" } },
      { type: "http", url: "https://b.example/x", authentication: { tokenVariable: "GARDEN" } },
      { type: "local", path: "x" },
    ],
  };
  const list = (environment: Record<string, string>) =>
    listTokenVariables([definition, { ...definition, name: "other" }], { environment });
  const nowhere = { HF_TOKEN_PATH: "/nowhere/token" };
  expect(await list({ ...nowhere, HOUSE: "secret", GARDEN: " " })).toEqual([
    { variable: "HF_TOKEN", isSet: false },
    { variable: "HOUSE", isSet: true },
    { variable: "GARDEN", isSet: false },
  ]);
  expect((await list({ ...nowhere, HUGGINGFACE_TOKEN: "secret" }))[0]).toEqual({
    variable: "HUGGINGFACE_TOKEN",
    isSet: true,
  });
});

test("every token that may be sent is known to the log", () => {
  const definitions: AssetDefinition[] = [{ name: "a", sources: [http("MINE"), hub("YOURS")] }];
  const environment = { MINE: "1", YOURS: " 2 ", HF_TOKEN: "3", OTHER: "4" };
  expect(listTokens(definitions, environment).sort()).toEqual(["1", "2", "3"]);
});

const bytes = makeBytes(5000);

async function guarded(
  authentication: { tokenVariable: string; scheme?: string; headerName?: string } | undefined,
  environment: Record<string, string>,
  options: { isAuthenticationStrict?: boolean } = {},
) {
  return createStoreFixture(
    (server) => ({
      name: "voice",
      sources: [
        {
          type: "http",
          url: server.serve("/voice.bin", bytes),
          ...(authentication ? { authentication } : {}),
        },
      ],
    }),
    { environment, ...options },
  );
}

describe("a plain url's token", () => {
  const cases: [string, { scheme?: string; headerName?: string }, string, string][] = [
    ["as a bearer by default", {}, "authorization", "Bearer sesame"],
    ["with another scheme", { scheme: "Token" }, "authorization", "Token sesame"],
    ["bare", { scheme: "" }, "authorization", "sesame"],
    ["in another header", { scheme: "", headerName: "X-API-Key" }, "x-api-key", "sesame"],
  ];
  test.each(cases)("is sent %s", async (_, more, header, value) => {
    await using f = await guarded({ tokenVariable: "MINE", ...more }, { MINE: "sesame" });
    await f.store.ensure("voice");
    expect(f.server.requests[0]?.headers[header]).toBe(value);
    const info = await Bun.file(join(f.assetsDir, "model/voice/latest/.asset_info.json")).text();
    expect(info).not.toContain("MINE"); // who may read it is no part of what it is
  });

  test("that is missing warns and goes on without", async () => {
    await using f = await guarded({ tokenVariable: "MINE" }, {});
    await f.store.ensure("voice");
    expect(f.events.ofType("asset-warning")).toEqual([
      expect.objectContaining({ code: "E_PERM", message: expect.stringContaining("MINE is not set") }),
    ]);
    expect(f.server.requests[0]?.headers).not.toHaveProperty("authorization");
  });

  test("that is missing is E_PERM before any request when authentication is strict, but not for a hit", async () => {
    await using f = await guarded({ tokenVariable: "MINE" }, {}, { isAuthenticationStrict: true });
    expect(await failureOf(f.store.ensure("voice"))).toMatchObject({
      code: "E_PERM",
      details: { token_env_var: "MINE", source_type: "http" },
    });
    expect(f.fetchCount()).toBe(0);
    const sources = [{ ...http("MINE"), url: `${f.server.origin}/voice.bin` }];
    await f.open([{ name: "voice", sources }], { environment: { MINE: "x" } }).ensure("voice");
    expect((await f.store.ensure("voice")).fromCache).toBe(true);
  });

  for (const status of [401, 403]) {
    test(`that is refused with ${status} is E_PERM, naming the variable, and not tried again`, async () => {
      await using f = await guarded({ tokenVariable: "MINE" }, { MINE: "wrong" });
      f.server.failAlways("/voice.bin", { kind: "status", status });
      const error = await failureOf(f.store.ensure("voice"));
      expect(error).toMatchObject({
        code: "E_PERM",
        details: { token_env_var: "MINE", source_type: "http" },
      });
      expect(error.message).toContain("check the token in MINE");
      expect(Bun.inspect(error)).not.toContain('wrong"');
      expect(f.server.requests.length).toBe(1);
    });
  }

  test("stays behind on every way to another origin, custom header or not", async () => {
    for (const headerName of ["Authorization", "X-API-Key"]) {
      await using f = await guarded({ tokenVariable: "MINE", headerName }, { MINE: "sesame" });
      f.server.serve("/final.bin", bytes);
      f.server.failAlways("/voice.bin", { kind: "redirect", to: `${f.server.otherOrigin}/hop` });
      f.server.failAlways("/hop", { kind: "redirect", to: `${f.server.origin}/final.bin` }); // and back
      await f.store.ensure("voice");
      const [first, ...rest] = f.server.requests;
      expect(JSON.stringify(first?.headers)).toContain("sesame");
      expect(rest.length).toBe(2);
      expect(JSON.stringify(rest)).not.toContain("sesame");
    }
  });
});

describe("a hub source's token", () => {
  test("is the one of the variable that it names, and never goes to where the files are kept", async () => {
    await using f = await createStoreFixture(
      () => ({ name: "voice", sources: [{ ...hub("MINE"), path: "model.onnx" }] }),
      { environment: { MINE: "sesame", HF_TOKEN: "other" } },
    );
    serveHub(f.server, { "owner/name": { files: { "model.onnx": bytes }, token: "sesame" } });
    expect(await readBytes((await f.store.ensure("voice")).path)).toEqual(bytes);
    const elsewhere = f.server.requests.filter(({ origin }) => origin === "other");
    expect(elsewhere.length).toBeGreaterThan(0);
    expect(JSON.stringify(elsewhere)).not.toContain("sesame");
  });

  test("that is wrong is E_PERM with the variable's name", async () => {
    await using f = await createStoreFixture(
      () => ({ name: "voice", sources: [{ ...hub("MINE"), path: "model.onnx" }] }),
      { environment: { MINE: "wrong" } },
    );
    serveHub(f.server, { "owner/name": { files: { "model.onnx": bytes }, token: "sesame" } });
    expect(await failureOf(f.store.ensure("voice"))).toMatchObject({
      code: "E_PERM",
      details: { token_env_var: "MINE", source_type: "hf" },
    });
  });
});

describe("a signed url that has run out", () => {
  test("is asked for again, once, and the download goes on", async () => {
    const large = makeBytes(400_000);
    await using f = await createStoreFixture(() => ({
      name: "voice",
      sources: [{ ...hub(), path: "model.onnx" }],
    }));
    serveHub(f.server, { "owner/name": { files: { "model.onnx": large } } });
    f.server.fail("/cdn/owner/name/model.onnx", { kind: "status", status: 403 });
    expect(await readBytes((await f.store.ensure("voice")).path)).toEqual(large);
    const signed = f.server.requests.filter(({ origin }) => origin === "other").map(({ path }) => path);
    expect(signed.length).toBe(2);
    expect(signed[0]).not.toBe(signed[1] ?? "");
  });

  test("that is refused again is E_PERM", async () => {
    await using f = await createStoreFixture(() => ({
      name: "voice",
      sources: [{ ...hub(), path: "model.onnx" }],
    }));
    serveHub(f.server, { "owner/name": { files: { "model.onnx": bytes } } });
    f.server.failAlways("/cdn/owner/name/model.onnx", { kind: "status", status: 403 });
    expect(await failureOf(f.store.ensure("voice"))).toMatchObject({ code: "E_PERM" });
    expect(f.server.requests.filter(({ origin }) => origin === "other").length).toBe(2);
  });
});

describe("an address that did not come from the operator", () => {
  const ask = async (url: string, lookup: (host: string) => Promise<string[]>) => {
    await using f = await createStoreFixture(
      () => ({ name: "voice", isTrusted: false, sources: [{ type: "http", url }] }),
      {},
      { lookup },
    );
    const error = await failureOf(f.store.ensure("voice"));
    expect(f.fetchCount()).toBe(0);
    return error;
  };
  const itself = (host: string): Promise<string[]> => Promise.resolve([host]);

  test.each([
    "http://127.0.0.1/a.bin",
    "http://localhost/a.bin",
    "http://10.1.2.3/a.bin",
    "http://192.168.0.1/a.bin",
    "http://[::1]/a.bin",
    "http://[fd00::1]/a.bin",
    "http://[::ffff:10.0.0.1]/a.bin",
    "http://[64:ff9b::a9fe:a9fe]/a.bin",
    "http://0x7f000001/a.bin",
    "http://169.254.169.254/latest/a.bin",
    "http://metadata.google.internal/a.bin",
  ])("%s is not asked", async (url) => {
    expect(await ask(url, itself)).toMatchObject({ code: "E_NET", details: { is_final: true } });
  });

  test("is not asked when its name stands for a private place, among others too, or for none", async () => {
    for (const addresses of [["10.0.0.1"], ["93.184.216.34", "169.254.169.254"], []]) {
      const error = await ask("http://models.example/a.bin", () => Promise.resolve(addresses));
      expect(error).toMatchObject({ code: "E_NET" });
    }
  });

  test("may be public, and is not followed to a private place", async () => {
    const asked: string[] = [];
    await using f = await createStoreFixture(
      () => ({
        name: "voice",
        isTrusted: false,
        sources: [{ type: "http", url: "http://models.example/a.bin" }],
      }),
      {},
      {
        lookup: (host) => Promise.resolve([host === "models.example" ? "93.184.216.34" : "10.0.0.1"]),
        fetch: async (url) => {
          asked.push(url);
          return new Response(null, { status: 302, headers: { location: "http://inner.example/a.bin" } });
        },
      },
    );
    expect(await failureOf(f.store.ensure("voice"))).toMatchObject({ code: "E_NET" });
    expect(asked).toEqual(["http://93.184.216.34/a.bin"]); // the address that was looked at
  });

  test("the operator's own may be private, but never where clouds hand out credentials", async () => {
    await using f = await createStoreFixture((server) => [
      { name: "inner", sources: [{ type: "http", url: server.serve("/a.bin", bytes) }] },
      { name: "metadata", sources: [{ type: "http", url: "http://169.254.169.254/latest/a.bin" }] },
    ]);
    await f.store.ensure("inner");
    const before = f.fetchCount();
    expect(await failureOf(f.store.ensure("metadata"))).toMatchObject({ code: "E_NET" });
    expect(f.fetchCount()).toBe(before);
  });
});
