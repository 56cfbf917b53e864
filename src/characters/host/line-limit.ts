// Passes lines of output on until they become a flood; then counts them.

/** Lines passed on in each second; the others are counted. */
const linesPerSecond = 50;
const maxLineChars = 1000;

/** `line` is made only when it is passed on. A second after the first line, the rest is told as a number. */
export function createLineLimit(emit: (line: string) => void): (line: () => string) => void {
  const { setTimeout } = globalThis;
  let passedCount = 0;
  let droppedCount = 0;

  const closeWindow = (): void => {
    if (droppedCount > 0) emit(`… and ${droppedCount} more lines within a second`);
    passedCount = 0;
    droppedCount = 0;
  };
  return (line) => {
    if (passedCount === 0) setTimeout(closeWindow, 1000).unref();
    if (passedCount < linesPerSecond) {
      passedCount += 1;
      emit(line().slice(0, maxLineChars));
    } else {
      droppedCount += 1;
    }
  };
}
