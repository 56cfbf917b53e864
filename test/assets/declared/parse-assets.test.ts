import { describe, expect, test } from "bun:test";
import { assetSchema } from "../../../src/assets/asset-schema.ts";
import { parseDeclaredAssets } from "../../../src/assets/declared/parse-assets.ts";

const digest = "ab".repeat(32);
const http = { type: "http", url: "https://models.example/voice.bin" };

function parseOne(entry: Record<string, unknown>) {
  const { definitions, problems } = parseDeclaredAssets([{ name: "voice", source: http, ...entry }]);
  return { definition: definitions[0], problem: problems[0] };
}

describe("a declared asset", () => {
  test("with every field of the table becomes what the store takes", () => {
    const { definition, problem } = parseOne({
      version: "1.2",
      asset_type: "voice",
      checksum: `sha256:${digest.toUpperCase()}`,
      unpack: true,
      unpack_format: "tar.gz",
      unpack_destination_is_file: true,
      description: "A voice",
      authentication: {
        strategy: "env_token",
        http: { token_env_var: "VOICE_TOKEN", scheme: "", header_name: "X-API-Key" },
      },
      retries: 3,
      retry_delay_seconds: 0.5,
      progress_report: false,
      progress_report_interval_mb: 1.5,
    });
    expect(problem).toBeUndefined();
    expect(definition).toEqual({
      name: "voice",
      version: "1.2",
      assetType: "voice",
      description: "A voice",
      checksum: digest,
      unpack: { format: "tar.gz", isDestinationFile: true },
      sources: [
        {
          ...http,
          type: "http",
          authentication: { tokenVariable: "VOICE_TOKEN", scheme: "", headerName: "X-API-Key" },
        },
      ],
      retries: 3,
      retryDelaySeconds: 0.5,
      hasProgressReport: false,
      progressIntervalMb: 1.5,
    });
    expect(assetSchema.safeParse(definition).success).toBe(true);
  });

  test("with a name and a source alone has the table's defaults", () => {
    const { definition } = parseOne({});
    expect(definition).toMatchObject({
      version: "latest",
      assetType: "model",
      retries: 0,
      retryDelaySeconds: 5,
      hasProgressReport: true,
      progressIntervalMb: 5,
    });
    expect(definition).not.toHaveProperty("checksum");
    expect(definition).not.toHaveProperty("unpack");
  });

  test("may come from any kind of source, several in order, with one pattern or many", () => {
    const { definition } = parseOne({
      source: undefined,
      sources: [
        { type: "hf", repo_id: "owner/name", filename: "a/model.onnx" },
        { type: "hf", repo_id: "owner/name", allow_patterns: "*.onnx", ignore_patterns: ["a*", "b*"] },
        { type: "local", path: "models/voice" },
        { type: "npm", package: "@scope/pack", version: "1.2.3", path: "dist/model" },
      ],
    });
    expect(definition?.sources).toEqual([
      { type: "hf", repoId: "owner/name", revision: "main", path: "a/model.onnx" },
      {
        type: "hf",
        repoId: "owner/name",
        revision: "main",
        allowPatterns: ["*.onnx"],
        ignorePatterns: ["a*", "b*"],
      },
      { type: "local", path: "models/voice" },
      { type: "npm", package: "@scope/pack", version: "1.2.3", path: "dist/model" },
    ]);
  });

  const misfits: [string, Record<string, unknown>, PropertyKey[], string][] = [
    ["a name with a slash", { name: "a/b" }, ["name"], "letters"],
    ["a name with two dots", { name: "a..b" }, ["name"], "'..'"],
    ["a version that is a path", { version: "../1" }, ["version"], "letters"],
    ["an asset type with a blank", { asset_type: "my model" }, ["asset_type"], "letters"],
    ["no source", { source: undefined }, [], "needs a source"],
    ["source and sources", { sources: [http] }, ["sources"], "not both"],
    ["no sources in the list", { source: undefined, sources: [] }, ["sources"], "Too small"],
    ["another checksum", { checksum: `md5:${"a".repeat(32)}` }, ["checksum"], "sha256:"],
    ["a checksum of another length", { checksum: "sha256:abc" }, ["checksum"], "64 hex digits"],
    ["unpack without a format", { unpack: true }, ["unpack"], "unpack_format"],
    ["a format nobody has", { unpack: true, unpack_format: "rar" }, ["unpack_format"], "zip"],
    ["a negative count of retries", { retries: -1 }, ["retries"], ">=0"],
    ["half a retry", { retries: 0.5 }, ["retries"], "int"],
    ["a negative delay", { retry_delay_seconds: -1 }, ["retry_delay_seconds"], ">=0"],
    ["no interval", { progress_report_interval_mb: 0 }, ["progress_report_interval_mb"], ">0"],
    ["a field nobody knows", { chekcsum: "x" }, ["chekcsum"], "no such field"],
    ["a scheme that is not http", { source: { type: "http", url: "ftp://x/y" } }, ["source", "url"], "URL"],
    ["a password in a url", { source: { type: "http", url: "https://a:b@x/y" } }, ["source", "url"], "cred"],
    [
      "a range of versions",
      { source: { type: "npm", package: "a", version: "^1.0.0" } },
      ["source", "version"],
      "exact",
    ],
    [
      "a repository without owner",
      { source: { type: "hf", repo_id: "name" } },
      ["source", "repo_id"],
      "owner/name",
    ],
    [
      "a file outside the repository",
      { source: { type: "hf", repo_id: "o/n", filename: "../x" } },
      ["source", "filename"],
      "relative",
    ],
    [
      "a token where a variable's name belongs",
      { authentication: { http: { token_env_var: "hf_abc-def" } } },
      ["authentication", "http", "token_env_var"],
      "name of an environment variable",
    ],
    [
      "a header that the transfer needs",
      { authentication: { http: { token_env_var: "T", header_name: "Range" } } },
      ["authentication", "http", "header_name"],
      "download itself",
    ],
    [
      "a header with a line end",
      { authentication: { http: { token_env_var: "T", header_name: "A\r\nB" } } },
      ["authentication", "http", "header_name"],
      "name of a header",
    ],
    [
      "a block for another kind of source",
      { authentication: { hf: { token_env_var: "T" } } },
      ["authentication", "hf"],
      "no hf source",
    ],
    [
      "authentication that names no token",
      { authentication: { strategy: "env_token" } },
      ["authentication"],
      "names no token",
    ],
    [
      "another strategy",
      { authentication: { strategy: "basic" } },
      ["authentication", "strategy"],
      "env_token",
    ],
    [
      "authentication on a local file",
      { source: { type: "local", path: "x", authentication: { http: { token_env_var: "T" } } } },
      ["source", "authentication"],
      "local source takes no authentication",
    ],
    [
      "authentication of an asset with a local file alone",
      { source: { type: "local", path: "x" }, authentication: { http: { token_env_var: "T" } } },
      ["authentication"],
      "takes no authentication",
    ],
    [
      "two blocks that differ",
      {
        source: { ...http, authentication: { http: { token_env_var: "A" } } },
        authentication: { http: { token_env_var: "B" } },
      },
      ["source", "authentication"],
      "differs",
    ],
  ];
  for (const [what, entry, path, message] of misfits) {
    test(`is refused for ${what}, naming the field`, () => {
      const { problem } = parseOne(entry);
      expect(problem?.path).toEqual([0, ...path]);
      expect(problem?.message).toContain(message);
    });
  }

  test("may say the same authentication twice", () => {
    const authentication = { http: { token_env_var: "A" } };
    const { problem } = parseOne({ source: { ...http, authentication }, authentication });
    expect(problem).toBeUndefined();
  });
});

test("names are unique, and every misfit is told with its place", () => {
  const { definitions, problems } = parseDeclaredAssets([
    { name: "a", source: http },
    { name: "a", source: http },
    { name: "b" },
  ]);
  expect(definitions.map(({ name }) => name)).toEqual(["a"]);
  expect(problems.map(({ path }) => path)).toEqual([[1, "name"], [2]]);
});

test("no list is no assets, and anything else than a list is a misfit", () => {
  expect(parseDeclaredAssets(undefined)).toEqual({ definitions: [], problems: [] });
  expect(parseDeclaredAssets({ name: "a" }).problems[0]?.message).toBe("must be a list of assets");
});
