// Which methods a path has, so that a wrong one is told apart from a wrong path.
import type { Router } from "./router.ts";

/** Call once every route is registered. */
export function createMethodCheck(router: Router): (path: string) => readonly string[] {
  const routes = router.openAPIRegistry.definitions.flatMap((definition) => {
    if (definition.type !== "route") return [];
    const { path, method } = definition.route;
    const pattern = path.replace(/[.*+?^$()|[\]\\]/g, "\\$&").replace(/\{[^}]+\}/g, "[^/]+");
    return [{ pattern: new RegExp(`^${pattern}$`), method: method.toUpperCase() }];
  });
  return (path) => routes.filter(({ pattern }) => pattern.test(path)).map(({ method }) => method);
}
