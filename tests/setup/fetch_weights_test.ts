import assert from "node:assert/strict";
import { join } from "node:path";
import { createHash } from "node:crypto";
import { FetchError, fetchPinned, type PinnedFile } from "../../lib/setup/fetch_weights.ts";

const CONTENT = Uint8Array.from({ length: 300_000 }, (_, i) => (i * 7 + (i >> 8)) % 256);
const SHA256 = createHash("sha256").update(CONTENT).digest("hex");

/** Runs a test with a server and a folder of its own; collects the Range header of each request. */
async function withServer(
  answer: (request: Request) => Response | Promise<Response>,
  test: (file: PinnedFile, ranges: (string | null)[]) => Promise<void>,
): Promise<void> {
  const directory = await Deno.makeTempDir();
  const ranges: (string | null)[] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    ranges.push(request.headers.get("range"));
    return answer(request);
  });
  try {
    const url = `http://127.0.0.1:${server.addr.port}/some/weights.pth`;
    const path = join(directory, "deeper", "weights.pth");
    await test({ url, path, bytes: CONTENT.length, sha256: SHA256 }, ranges);
  } finally {
    await server.shutdown();
    await Deno.remove(directory, { recursive: true });
  }
}

/** A server that knows ranges. */
function ranged(request: Request): Response {
  const from = Number(/^bytes=(\d+)-$/.exec(request.headers.get("range") ?? "")?.[1] ?? 0);
  if (from === 0) return new Response(CONTENT);
  const headers = { "content-range": `bytes ${from}-${CONTENT.length - 1}/${CONTENT.length}` };
  return new Response(CONTENT.subarray(from), { status: 206, headers });
}

/** A server for one request, which promises the whole content, sends its first `count` bytes and hangs up. */
function serveCut(count: number): string {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  (async () => {
    using connection = await listener.accept();
    listener.close();
    await connection.read(new Uint8Array(4096));
    const head = `HTTP/1.1 200 OK\r\ncontent-length: ${CONTENT.length}\r\n\r\n`;
    const bytes = new Uint8Array([...new TextEncoder().encode(head), ...CONTENT.subarray(0, count)]);
    for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
  })();
  return `http://127.0.0.1:${port}/weights.pth`;
}

const exists = (path: string) => Deno.stat(path).then(() => true, () => false);

async function fails(file: PinnedFile, pattern: RegExp, patience?: number): Promise<void> {
  await assert.rejects(fetchPinned(file, { patience }), (error) => {
    assert.ok(error instanceof FetchError, `${(error as Error).stack}`);
    assert.ok(error.message.startsWith(`cannot fetch ${file.url}: `), error.message);
    assert.ok(error.message.endsWith(`(${file.bytes} bytes, sha256 ${file.sha256}) and put it at ${file.path}`));
    assert.ok(!error.message.includes("\n"));
    assert.match(error.message, pattern);
    return true;
  });
}

Deno.test("fetchPinned() downloads once, reports progress and leaves no partial file", async () => {
  await withServer(ranged, async (file, ranges) => {
    const progress: [number, number][] = [];
    const onProgress = (received: number, total: number) => progress.push([received, total]);
    assert.equal(await fetchPinned(file, { onProgress }), "fetched");
    assert.deepEqual(await Deno.readFile(file.path), CONTENT);
    assert.equal(await exists(`${file.path}.part`), false);
    assert.deepEqual(progress.at(-1), [CONTENT.length, CONTENT.length]);
    assert.ok(progress.every(([received], i) => i === 0 || received > progress[i - 1][0]));
    assert.equal(await fetchPinned(file), "present");
    assert.deepEqual(ranges, [null]);
  });
});

Deno.test("fetchPinned() keeps what arrived before a cut, and goes on from there", async () => {
  await withServer(ranged, async (file, ranges) => {
    await fails({ ...file, url: serveCut(100_000) }, /ended after 100000 of 300000 bytes .*which are kept/);
    assert.deepEqual(await Deno.readFile(`${file.path}.part`), CONTENT.slice(0, 100_000));
    const received: number[] = [];
    await fetchPinned(file, { onProgress: (count) => received.push(count) });
    assert.ok(received[0] > 100_000);
    assert.deepEqual(await Deno.readFile(file.path), CONTENT);
    assert.deepEqual(ranges, ["bytes=100000-"]);
  });
});

Deno.test("fetchPinned() leaves a file to the one that is fetching it, and finds it there afterwards", async () => {
  let go = () => {};
  const waits = new Promise<void>((resolve) => go = resolve);
  let asked = () => {};
  const wasAsked = new Promise<void>((resolve) => asked = resolve);
  const slow = async () => {
    asked();
    await waits;
    return new Response(CONTENT);
  };
  await withServer(slow, async (file, ranges) => {
    const first = fetchPinned(file);
    await wasAsked;
    await fails(file, /another process is fetching it/);
    go();
    assert.equal(await first, "fetched");
    assert.equal(await fetchPinned(file), "present");
    assert.equal(ranges.length, 1);
  });
});

Deno.test("fetchPinned() starts over where the server does not know ranges", async () => {
  await withServer(() => new Response(CONTENT), async (file, ranges) => {
    await Deno.mkdir(join(file.path, ".."));
    await Deno.writeFile(`${file.path}.part`, CONTENT.slice(0, 5));
    await fetchPinned(file);
    assert.deepEqual(await Deno.readFile(file.path), CONTENT);
    assert.deepEqual(ranges, ["bytes=5-"]);
  });
});

Deno.test("fetchPinned() only checks a partial file that is complete", async () => {
  await withServer(ranged, async (file, ranges) => {
    await Deno.mkdir(join(file.path, ".."));
    await Deno.writeFile(`${file.path}.part`, CONTENT);
    assert.equal(await fetchPinned(file), "fetched");
    assert.deepEqual(ranges, []);
  });
});

Deno.test("fetchPinned() replaces a file whose hash is wrong", async () => {
  await withServer(ranged, async (file) => {
    await Deno.mkdir(join(file.path, ".."));
    await Deno.writeFile(file.path, new Uint8Array(CONTENT.length));
    assert.equal(await fetchPinned(file), "fetched");
    assert.deepEqual(await Deno.readFile(file.path), CONTENT);
  });
});

Deno.test("fetchPinned() deletes what has the wrong hash, and says so", async () => {
  await withServer(() => new Response(CONTENT.toReversed()), async (file) => {
    await fails(file, /has sha256 [0-9a-f]{64}, so it is another file or damaged, and was deleted/);
    assert.equal(await exists(file.path) || await exists(`${file.path}.part`), false);
  });
});

Deno.test("fetchPinned() deletes a partial file of something else once the hash shows it", async () => {
  await withServer(ranged, async (file) => {
    await Deno.mkdir(join(file.path, ".."));
    await Deno.writeFile(`${file.path}.part`, new Uint8Array(9).fill(1));
    await fails(file, /was deleted/);
    assert.equal(await fetchPinned(file), "fetched");
  });
});

Deno.test("fetchPinned() stops at more bytes than pinned and keeps fewer", async () => {
  await withServer(() => new Response(new Uint8Array(CONTENT.length + 1)), async (file) => {
    await fails(file, /sends more than the 300000 bytes/);
    assert.equal(await exists(`${file.path}.part`), false);
  });
  await withServer(() => new Response(CONTENT.subarray(0, 10)), async (file) => {
    await fails(file, /sent 10 of 300000 bytes, which are kept/);
    assert.equal((await Deno.stat(`${file.path}.part`)).size, 10);
  });
});

Deno.test("fetchPinned() names the status of a server that refuses", async () => {
  await withServer(() => new Response("gone", { status: 404 }), async (file) => {
    await fails(file, /the server answers 404 Not Found/);
    assert.equal(await exists(file.path), false);
  });
  await withServer(() => new Response(null, { status: 416 }), async (file) => {
    await Deno.mkdir(join(file.path, ".."));
    await Deno.writeFile(`${file.path}.part`, CONTENT.slice(0, 5));
    await fails(file, /416/);
    assert.equal(await exists(`${file.path}.part`), false); // so that the next attempt starts over
  });
});

Deno.test("fetchPinned() refuses a range other than the one asked for", async () => {
  const headers = { "content-range": "bytes 0-299999/300000" };
  await withServer(() => new Response(CONTENT, { status: 206, headers }), async (file) => {
    await Deno.mkdir(join(file.path, ".."));
    await Deno.writeFile(`${file.path}.part`, CONTENT.slice(0, 5));
    await fails(file, /206/);
  });
});

Deno.test("fetchPinned() names an unreachable host, and a name that does not resolve", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  listener.close(); // now nobody listens there
  const directory = await Deno.makeTempDir();
  try {
    const file = { path: join(directory, "x.pth"), bytes: 10, sha256: SHA256 };
    await fails({ ...file, url: `http://127.0.0.1:${port}/x.pth` }, /refused/i);
    await fails({ ...file, url: "http://weights.invalid/x.pth" }, /invalid/);
    assert.deepEqual([...Deno.readDirSync(directory)], []);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("fetchPinned() gives up on a server that falls silent", async () => {
  let release = () => {};
  const body = () =>
    new ReadableStream<Uint8Array>({
      start: (controller) => {
        controller.enqueue(CONTENT.subarray(0, 10));
        release = () => controller.close();
      },
      cancel: () => {
        release = () => {};
      },
    });
  await withServer(() => new Response(body()), async (file) => {
    try {
      await fails(file, /ended after 10 of 300000 bytes \(no data for 0\.2 s\)/, 0.2);
    } finally {
      release();
    }
  });
});

Deno.test("fetchPinned() names a folder that cannot be written", async () => {
  await withServer(ranged, async (file) => {
    await Deno.writeTextFile(join(file.path, ".."), "a file where the folder should be");
    await fails(file, /cannot be written/);
  });
});
