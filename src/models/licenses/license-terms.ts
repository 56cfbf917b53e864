// Which licences somebody has to accept before the bytes come. Names are those of the hub's `license:` tag (SPDX in
// lower case, and the hub's own for model licences).

/** Ask for no more than the notice to be kept: nobody has to agree to anything before use. */
const freeLicenses = new Set([
  "apache-2.0",
  "mit",
  "isc",
  "zlib",
  "unlicense",
  "wtfpl",
  "cc0-1.0",
  "0bsd",
  "bsl-1.0",
  "ncsa",
  "postgresql",
  "afl-3.0",
  "artistic-2.0",
  "ecl-2.0",
  "ms-pl",
  "pddl",
  "python-2.0",
  "cc-by-4.0",
  "cc-by-3.0",
  "cc-by-2.0",
  "odc-by",
  "cdla-permissive-1.0",
  "cdla-permissive-2.0",
]);

const isFree = (name: string): boolean => freeLicenses.has(name) || /^bsd(-\d-clause(-clear)?)?$/.test(name);

/** `license` as the hub client gives it: null for none, several separated by ", ". */
export function requiresAcceptance(license: string | null): boolean {
  if (license === null) return false;
  const names = license.split(",").map((name) => name.trim().toLowerCase());
  return names.some((name) => name !== "" && name !== "none" && !isFree(name));
}
