// A random draw that the caller's seed decides.

export const choose = <T>(from: readonly T[], random: () => number): T =>
  from[Math.floor(random() * from.length)] as T;
