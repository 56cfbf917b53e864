// Every engine that could be chosen, with its files and credentials, and what keeps those from running that cannot.
import { createRoute, z } from "@hono/zod-openapi";
import { providerStates } from "../../assets/provider/port.ts";
import { createRouter, jsonContent, ownFailure, type Router } from "../router.ts";
import type { Services } from "../services.ts";

const oneUrl = z.object({
  url: z.string(),
  size: z.number().optional(),
  extract: z.boolean().optional(),
  checksum: z.string().optional(),
  format: z.string().optional(),
  description: z.string().optional(),
});
const pack = z.object({ files: z.record(z.string(), z.string()), description: z.string().optional() });

const provider = z.object({
  kind: z.string(),
  name: z.string(),
  title: z.string(),
  state: z.enum(providerStates),
  reason: z.string().optional(),
  assets: z.object({
    file_extension: z.string(),
    directory_name: z.string(),
    credential_patterns: z.array(z.string()),
    cache_types: z.array(z.string()),
    model_urls: z.record(z.string(), z.union([z.enum(["auto", "local"]), oneUrl, pack])),
  }),
  credentials: z.array(z.object({ variable: z.string(), is_set: z.boolean() })),
  models: z.array(z.object({ id: z.string(), path: z.string(), installed: z.boolean() })),
});

const route = createRoute({
  method: "get",
  path: "/v1/providers",
  tags: ["Providers"],
  summary: "Engines, their states, files and credentials",
  responses: {
    200: jsonContent(
      z.object({ providers: z.array(provider) }),
      "`reason` says what is missing, or what it waits for. Credentials are named, never shown.",
    ),
    ...ownFailure,
  },
});

export function createProviderRoutes({ providers }: Pick<Services, "providers">): Router {
  const router = createRouter();
  router.openapi(route, async (c) => {
    const all = await providers.list();
    return c.json(
      {
        providers: all.map(({ kind, name, title, state, reason, assets, credentials, models }) => ({
          kind,
          name,
          title,
          state,
          ...(reason !== undefined && { reason }),
          assets: {
            ...assets,
            credential_patterns: [...assets.credential_patterns],
            cache_types: [...assets.cache_types],
            model_urls: { ...assets.model_urls },
          },
          credentials: credentials.map(({ variable, isSet }) => ({ variable, is_set: isSet })),
          models: models.map(({ id, path, isInstalled }) => ({ id, path, installed: isInstalled })),
        })),
      },
      200,
    );
  });
  return router;
}
