/**
 * Which thread is the first of its process to compute. A command runs in a thread that was started for it (`cli/confined.ts`); what
 * concerns the whole process is done there, once, and not by the threads that share its work.
 *
 * @module
 */

/** The name of the thread that a command runs in. */
export const COMMAND_THREAD = "polysem command";

/** Whether this is the process's own thread, or the one of its command. */
export function isFirstThread(): boolean {
  return !("WorkerGlobalScope" in globalThis) || (globalThis as { name?: string }).name === COMMAND_THREAD;
}
