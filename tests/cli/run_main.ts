/** Runs the command line inside the test's process and keeps what it prints. */
import { main } from "../../lib/cli/main.ts";

/** What a run of the command line did. */
export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs `polysem` with these arguments. */
export async function polysem(...args: string[]): Promise<Ran> {
  let out = "";
  let err = "";
  const code = await main(args, { writeOut: (text) => out += text, writeErr: (text) => err += text });
  return { code, out, err };
}
