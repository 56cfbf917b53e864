// How long work keeps the processor busy: unlike the clock, this does not depend on who else uses the machine.

/** Milliseconds of processor time that this process has had so far, its threads included. */
export function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
