/**
 * Progress in a cell while it runs. What remains of it in the end says only how many were done, so that a notebook executed
 * twice is the same twice.
 *
 * @module
 */

/** A progress that a cell shows. */
export interface CellProgress {
  /** Sets how many are done; awaiting it lets the kernel send what the cell has to say. */
  update(done: number): Promise<void>;
}

const WIDTH = 30;
let shown = 0;

/**
 * Begins to show a progress below the cell.
 *
 * @param title what goes on, such as `images of conv2:3`.
 * @param total how many there are in all, at least one.
 * @param broadcast sends a message to the notebook; the kernel's own unless given.
 */
export async function showProgress(
  title: string,
  total: number,
  broadcast: typeof Deno.jupyter.broadcast = Deno.jupyter.broadcast,
): Promise<CellProgress> {
  const id = `progress-${++shown}`;
  const send = async (type: "display_data" | "update_display_data", done: number) => {
    const full = Math.round(WIDTH * Math.min(1, done / total));
    const text = `${title} ${"█".repeat(full)}${"░".repeat(WIDTH - full)} ${done} of ${total}`;
    await broadcast(type, { data: { "text/plain": text }, metadata: {}, transient: { display_id: id } });
    await new Promise((resolve) => setTimeout(resolve)); // long work without a pause would hold the message back
  };
  await send("display_data", 0);
  return { update: (done) => send("update_display_data", done) };
}
