/** Run as a program: builds the native engine and prints what came of it as one JSON line, then the backend in use. */
import { useBackend } from "../../lib/engine/backend.ts";
import { ensureNative } from "../../lib/setup/native_build.ts";

const stages: string[] = [];
const outcome = await ensureNative(({ stage }) => {
  if (stage !== stages.at(-1)) stages.push(stage);
}).catch((error) => ({ error: (error as Error).name, message: (error as Error).message }));
const backend = Deno.args.includes("use") ? (await useBackend()).backend : null;
console.log(JSON.stringify({ ...outcome, stages, backend }));
Deno.exit(0);
