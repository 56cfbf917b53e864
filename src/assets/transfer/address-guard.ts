// Where a request may go: never to where clouds hand out credentials; by a redirect never to a more private place than it
// comes from; and with an address that did not come from the operator's own files, to public places alone. Names count as
// what they resolve to.
import { lookup } from "node:dns/promises";
import { AppError } from "../../base/errors.ts";
import { type AddressClass, classifyHost } from "./address-class.ts";

/** All addresses of a name; an address stands for itself. */
export type LookUpAddresses = (hostname: string) => Promise<string[]>;

export interface AddressGuard {
  /**
   * Resolves with the address that has to be connected to, where the name must not be asked again (a name may stand for
   * another address a moment later); null: as the url has it. Rejects with E_NET.
   */
  admit(url: URL): Promise<string | null>;
  /** What speaks against following a redirect; null: nothing. */
  findRedirectProblem(from: URL, to: URL): Promise<string | null>;
}

export interface AddressGuardOptions {
  label: string;
  /** The url did not come from the operator's own files. */
  isGuarded: boolean;
  lookup?: LookUpAddresses | undefined;
}

const privacyRank: Record<AddressClass, number> = { public: 0, private: 1, loopback: 2, "link-local": 3 };
/** A resolver that is silent for so long leaves a redirect to be judged by its name alone. */
const lookUpMs = 5_000;

export function createAddressGuard({
  label,
  isGuarded,
  lookup: lookUp = lookUpAddresses,
}: AddressGuardOptions): AddressGuard {
  const listAddresses = async ({ hostname }: URL): Promise<string[]> => {
    const silence = Promise.withResolvers<string[]>();
    const timer = setTimeout(() => silence.resolve([]), lookUpMs);
    try {
      return await Promise.race([lookUp(hostname.replace(/^\[|\]$/g, "")), silence.promise]);
    } catch {
      return [];
    } finally {
      clearTimeout(timer);
    }
  };

  /** The most private of what a name stands for. */
  const classify = async (url: URL): Promise<AddressClass> => {
    const kind = classifyHost(url.hostname);
    if (kind !== "public") return kind;
    return (await listAddresses(url))
      .map(classifyHost)
      .reduce((most, next) => (privacyRank[next] > privacyRank[most] ? next : most), kind);
  };

  const refusal = (what: string): AppError =>
    new AppError("E_NET", `${label} leads to ${what}, which is not asked; check its address`, {
      source: label,
      is_final: true,
    });

  return {
    async admit(url) {
      const kind = classifyHost(url.hostname);
      if (kind === "link-local") throw refusal("a link-local address");
      if (!isGuarded) return null;
      if (kind !== "public") throw refusal(`a ${kind} address`);
      const addresses = await listAddresses(url);
      if (addresses.length === 0) throw refusal("a host that nobody knows");
      const inner = addresses.map(classifyHost).find((found) => found !== "public");
      if (inner) throw refusal(`a host with a ${inner} address`);
      // Over TLS the certificate says whom one talks to; a plain request goes to the very address that was looked at.
      return url.protocol === "http:" ? (addresses[0] ?? null) : null;
    },
    async findRedirectProblem(from, to) {
      if (to.protocol !== "https:" && to.protocol !== "http:") return `a redirect to ${to.protocol}`;
      if (from.protocol === "https:" && to.protocol === "http:") return "a redirect from https to http";
      if (from.hostname === to.hostname) return null;
      const target = await classify(to);
      if (target === "link-local") return "a redirect to a link-local address";
      if (target === "public") return null;
      return privacyRank[target] > privacyRank[await classify(from)]
        ? `a redirect to a ${target} address`
        : null;
    },
  };
}

const lookUpAddresses: LookUpAddresses = async (hostname) =>
  (await lookup(hostname, { all: true })).map(({ address }) => address);
