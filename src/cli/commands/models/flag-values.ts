// How the values of flags are read; a value that does not fit is E_ARGS and names its flag.
import { InvalidArgumentError } from "commander";

/** A whole number from `least` on. */
export function parseCount(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value >= least) return value;
    throw new InvalidArgumentError(`It has to be a whole number from ${least} on.`);
  };
}

export function parseDirection(text: string): 1 | -1 {
  if (text === "1" || text === "-1") return text === "1" ? 1 : -1;
  throw new InvalidArgumentError("It has to be 1 or -1.");
}

/** GB of 2^30 bytes, fractions too; as bytes. */
export function parseGigabytes(text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && Number.isFinite(value) && value >= 0) return value * 2 ** 30;
  throw new InvalidArgumentError("It has to be a number of GB.");
}
