/**
 * Reads one file, and says what came of it as a line of JSON:
 *
 *     deno run -A --v8-flags=--expose-gc tests/fuzz/read_file.ts PARSER FILE
 *
 * @module
 */
import { dirname, join } from "node:path";
import { writeOut } from "../../lib/streams.ts";
import { readMeasured } from "./measured.ts";
import { PARSERS } from "./parsers.ts";

const [name, file] = Deno.args;
const parser = PARSERS.find((each) => each.name === name)!;
const folder = await Deno.makeTempDir({ prefix: "polysem-fuzz-" });
try {
  await parser.prepare?.(folder);
  const path = join(folder, parser.place);
  await Deno.mkdir(dirname(path), { recursive: true });
  await Deno.rename(file, path).catch(() => Deno.copyFile(file, path));
  writeOut(`${JSON.stringify(await readMeasured(parser, path, folder))}\n`);
} finally {
  await Deno.remove(folder, { recursive: true });
}
Deno.exit(0);
