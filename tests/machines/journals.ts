/**
 * What a commit takes by SQLite's journals: `deno run -A tests/machines/journals.ts [FOLDER]`, on the file system of that folder.
 * Each commits 200 times a megabyte of eight units.
 */
import { DatabaseSync } from "node:sqlite";
import { join } from "node:path";

const folder = await Deno.makeTempDir({ dir: Deno.args[0], prefix: "polysem-journals-" });
const bytes = new Uint8Array(125_000);
for (let at = 0; at < bytes.length; at += 62_500) crypto.getRandomValues(bytes.subarray(at, at + 62_500));
try {
  for (const journal of ["WAL", "TRUNCATE", "DELETE", "WAL", "TRUNCATE", "DELETE"]) {
    const file = join(folder, `${journal}-${performance.now()}.sqlite`);
    using db = new DatabaseSync(file);
    db.exec(`PRAGMA journal_mode = ${journal}; PRAGMA synchronous = FULL; CREATE TABLE units (bytes BLOB)`);
    const milliseconds = Array.from({ length: 200 }, () => {
      const began = performance.now();
      db.exec("BEGIN IMMEDIATE");
      for (let unit = 0; unit < 8; unit++) db.prepare("INSERT INTO units VALUES (?)").run(bytes);
      db.exec("COMMIT");
      return performance.now() - began;
    }).sort((a, b) => a - b);
    console.log(
      `${journal}: median ${milliseconds[100].toFixed(1)} ms, nine of ten below ${milliseconds[180].toFixed(1)} ms`,
    );
  }
} finally {
  await Deno.remove(folder, { recursive: true });
}
