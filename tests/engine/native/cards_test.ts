import assert from "node:assert/strict";
import { join } from "node:path";
import { type Card, chooseCards, encodeSettings, findCards, settingsFor } from "../../../lib/engine/native/mod.ts";
import { inFolder } from "../../in_folder.ts";
import { buildDriver } from "./build_driver.ts";

const CARD: Card = { index: 0, name: "A", capability: [9, 0], totalBytes: 80e9, freeBytes: 79e9 };

/** Runs an action under variables, which the made-up driver answers by. */
function under<T>(variables: Readonly<Record<string, string>>, action: () => T): T {
  for (const [name, value] of Object.entries(variables)) Deno.env.set(name, value);
  try {
    return action();
  } finally {
    for (const name of Object.keys(variables)) Deno.env.delete(name);
  }
}

Deno.test("findCards() reads a driver's answers by the signatures of its headers", () =>
  inFolder(async (folder) => {
    const library = await buildDriver(folder, "libmadeup.so");
    assert.ok(library !== null, "a C compiler builds the made-up driver: install gcc");
    const both = { cuda: library, management: library };
    assert.deepEqual(
      under({
        MADE_UP_COUNT0: "2",
        MADE_UP_TOTAL1: "150000000000",
        MADE_UP_FREE1: "149000000000",
        MADE_UP_MAJOR1: "9",
        MADE_UP_MINOR1: "0",
      }, () => findCards(both)),
      [
        { index: 0, name: "Made-up One", capability: [8, 6], totalBytes: 8e9, freeBytes: 7e9 },
        { index: 1, name: "Made-up Two", capability: [9, 0], totalBytes: 150e9, freeBytes: 149e9 },
      ],
    );
    // a part of a card: the management library tells of the whole
    const [part] = under({ MADE_UP_TOTAL0: "1000000000" }, () => findCards(both)) as Card[];
    assert.deepEqual([part.totalBytes, part.freeBytes], [1e9, 1e9]);
    const [unmanaged] = findCards({ cuda: library, management: join(folder, "none.so") }) as Card[];
    assert.equal(unmanaged.freeBytes, null);

    const why = (variables: Record<string, string>) => {
      const found = under(variables, () => findCards(both));
      assert.ok("why" in found && found.remedy.length > 0);
      return found.why;
    };
    assert.match(why({ MADE_UP_INIT0: "803" }), /different versions/);
    assert.match(why({ MADE_UP_INIT0: "100" }), /no card/);
    assert.match(why({ MADE_UP_INIT0: "999" }), /CUDA's error 999/);
    assert.match(why({ MADE_UP_COUNT0: "0" }), /no card/);
  }));

Deno.test("findCards() without the driver's library says what to do", () => {
  const found = findCards({ cuda: "libnosuchdriver.so.1", management: "libnosuchdriver.so.1" });
  assert.ok("why" in found);
  assert.match(found.why, /cannot be loaded/);
  assert.match(found.remedy, /install NVIDIA's driver/);
});

Deno.test("chooseCards() passes over cards that are too old or full, and says so", () => {
  const old = { ...CARD, index: 1, name: "Old", capability: [5, 2] as const };
  const full = { ...CARD, index: 2, name: "Full", freeBytes: 0.3e9 };
  const small = { ...CARD, index: 3, name: "Small", totalBytes: 1e9, freeBytes: null };
  const unknown = { ...CARD, index: 4, name: "Unknown", capability: [6, 0] as const, freeBytes: null };
  const { cards, refused } = chooseCards([CARD, old, full, small, unknown]);
  assert.deepEqual(cards, [CARD, unknown]);
  assert.deepEqual(refused.map(({ name }) => name), ["Old", "Full", "Small"]);
  assert.match(refused[0].why, /compute capability is 5\.2, and TensorFlow [\d.]+ computes on 6\.0 and later/);
  assert.match(refused[1].why, /^0\.3 GB of its 80\.0 GB are free, and 2\.0 GB are needed$/);
  assert.match(refused[1].remedy, /nvidia-smi/);
  assert.match(refused[2].why, /^1\.0 GB of its 1\.0 GB/);
  const none = { why: "no driver", remedy: "install it" };
  assert.deepEqual(chooseCards(none), { cards: [], refused: [{ name: null, ...none }] });
});

Deno.test("settingsFor() leaves one card to TensorFlow, hides those that cannot be used, and places operations on several", () => {
  const [first, second, third] = [0, 1, 2].map((index) => ({ ...CARD, index }));
  assert.equal(settingsFor({ cards: [], refused: [] }, 0), null);
  assert.equal(settingsFor({ cards: [first], refused: [] }, 1), null);
  assert.deepEqual(settingsFor({ cards: [], refused: [] }, 1), { deviceCount: { GPU: 0 } });
  assert.deepEqual(settingsFor({ cards: [second], refused: [] }, 2), { visibleCards: [1] });
  assert.deepEqual(settingsFor({ cards: [first, second], refused: [] }, 2), { softPlacement: true });
  assert.deepEqual(settingsFor({ cards: [first, third], refused: [] }, 3), {
    visibleCards: [0, 2],
    softPlacement: true,
  });
});

Deno.test("encodeSettings() writes TensorFlow's ConfigProto", () => {
  // by hand: 0a field 1 of 7 bytes, an entry of the map: 0a its key of 3 bytes, "GPU"; 10 its value, 0. 32 field 6 of 5 bytes:
  // 2a its field 5 of 3 bytes, "0,2"; 38 field 7, true. TensorFlow itself reads them in devices_test.ts
  assert.equal(encodeSettings({ deviceCount: { GPU: 0 } }), "0a070a034750551000");
  assert.equal(encodeSettings({ deviceCount: { CPU: 2 } }), "0a070a034350551002");
  assert.equal(encodeSettings({ visibleCards: [0, 2], softPlacement: true }), "32052a03302c323801");
  assert.equal(encodeSettings({}), "");
});
