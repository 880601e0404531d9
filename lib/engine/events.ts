/**
 * Lets the process hear what is said to it while it computes.
 *
 * @module
 */

/** Events wait no longer than this. */
const LONGEST_MILLISECONDS = 100;

let heard = performance.now();

/**
 * Waits for events, such as a signal, if none could be heard for a while. Computing on the processor goes from one promise
 * to the next without a pause in which they could be.
 */
export async function hearEvents(): Promise<void> {
  if (performance.now() - heard < LONGEST_MILLISECONDS) return;
  await new Promise((resolve) => setTimeout(resolve, 0));
  heard = performance.now();
}
