/**
 * The version of polysem, as `deno.json` states it.
 *
 * @module
 */
import config from "../deno.json" with { type: "json" };

/** Such as `0.1.0`. */
export const VERSION: string = config.version;
