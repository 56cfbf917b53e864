// Whether a process of this machine is there.

/** One of another user's counts; one that has ended and whose parent has not asked about it does, too. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
