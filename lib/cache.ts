/**
 * Where downloads live: the dataset, official weights and the native engine, outside any checkout, so that a second
 * checkout costs no second download.
 *
 * @module
 */
import { homedir } from "node:os";
import { join } from "node:path";

/**
 * The folder of everything downloaded: `$POLYSEM_CACHE`, else `$XDG_CACHE_HOME/polysem`, else `~/.cache/polysem`. It need
 * not exist yet; whoever writes creates it.
 */
export function cacheDirectory(): string {
  const own = Deno.env.get("POLYSEM_CACHE");
  if (own) return own;
  const shared = Deno.env.get("XDG_CACHE_HOME");
  return join(shared || join(homedir(), ".cache"), "polysem");
}
