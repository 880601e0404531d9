/**
 * Runs something in a fresh folder, which is removed afterwards whatever happened.
 *
 * @param action gets the folder's path.
 */
export async function inFolder(action: (folder: string) => void | Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "polysem-test-" });
  try {
    await action(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
