/**
 * The page in a real browser: Debian's chromium through playwright-core. Where there is none, every test here is skipped by
 * its name, with what to install.
 */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { type AtlasOptions, renderAtlas } from "../../lib/report/atlas/render_atlas.tsx";
import { unitLink } from "../../lib/report/atlas/client/links.ts";
import { drawFigures } from "../../lib/report/figures.ts";
import { readPng } from "../../lib/images/mod.ts";
import { renderSvg } from "../../lib/report/render.ts";
import type { RunData } from "../../lib/run_data.ts";
import { ODD_NAMES } from "../odd_names.ts";
import { madeUpRun } from "../report/atlas_run.ts";

const CHROMIUM = "/usr/bin/chromium";
const FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
  .concat("--disable-background-networking", "--disable-component-update", "--disable-sync");
const missing = !existsSync(CHROMIUM);
if (missing) console.log(`tests/browser: skipped, ${CHROMIUM} is missing; install it: apt-get install chromium`);

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** A page that is open, and what it did that it should not. */
interface Opened {
  readonly page: Page;
  readonly file: string;
  /** Console messages of warnings and errors, uncaught exceptions, and requests for anything but files beside the page. */
  readonly complaints: string[];
}

interface Setting {
  readonly width?: number;
  readonly height?: number;
  readonly theme?: "light" | "dark";
  /** What follows the file in the page's address: a query, a hash, or both. */
  readonly hash?: string;
}

/** Writes a page, opens it from its file, and expects that nothing was complained of. */
async function withPage(
  run: RunData,
  options: Partial<AtlasOptions> | Promise<Partial<AtlasOptions>>,
  { width = 1280, height = 900, theme = "light", hash = "" }: Setting,
  action: (opened: Opened) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "polysem atlas " });
  let browser: Browser | undefined;
  try {
    const file = join(folder, "report.html");
    const { html } = await renderAtlas(run, {
      saveImage: async (name, bytes) => {
        await Deno.mkdir(join(folder, "report_files"), { recursive: true });
        await Deno.writeFile(join(folder, "report_files", name), bytes);
        return `report_files/${name}`;
      },
      ...await options,
    });
    await Deno.writeTextFile(file, html);
    browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
    const page = await browser.newPage({ viewport: { width, height }, colorScheme: theme });
    const complaints: string[] = [];
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
    });
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("request", (request) => {
      const url = request.url();
      if (!url.startsWith("data:") && !url.startsWith(`file://${encodeURI(folder)}/`)) complaints.push(url);
    });
    await page.goto(`file://${file}${hash}`);
    await action({ page, file, complaints });
    assert.deepEqual(complaints, []);
  } finally {
    await browser?.close();
    await Deno.remove(folder, { recursive: true });
  }
}

function browserTest(
  name: string,
  run: () => RunData,
  options: () => Partial<AtlasOptions> | Promise<Partial<AtlasOptions>>,
  setting: Setting,
  action: (opened: Opened) => Promise<void>,
): void {
  Deno.test({
    name: missing ? `${name} (skipped: install chromium with apt-get)` : name,
    ignore: missing,
    // playwright leaves handles of the browser's process open for a moment after it has ended
    sanitizeOps: false,
    sanitizeResources: false,
    fn: () => withPage(run(), options(), setting, action),
  });
}

/** Two units of each of these layers. */
const ODD_LAYERS = Object.fromEntries(ODD_NAMES.map((name) => [name, 2]));

const names = (page: Page) => page.locator(".card h3").allTextContents();
const count = (page: Page) => page.locator("#count").textContent();
const opened = (page: Page, id: string) =>
  page.waitForFunction((id) => {
    const dialog = (globalThis as unknown as { document: { querySelector: (tag: string) => Element } }).document
      .querySelector("dialog") as unknown as { dataset: Record<string, string> };
    return dialog.dataset.shown === id;
  }, id);
/** Whether a canvas has been drawn on: more than one colour. */
const drawn = (page: Page, selector: string) =>
  page.locator(selector).first().evaluate((canvas) => {
    const { width, height } = canvas as unknown as { width: number; height: number };
    const context = (canvas as unknown as {
      getContext: (kind: string) => { getImageData: (...box: number[]) => { data: Uint8ClampedArray } };
    }).getContext("2d");
    return new Set(context.getImageData(0, 0, width, height).data).size > 2;
  });

browserTest("the page shows every unit with its images", madeUpRun, () => ({}), {}, async ({ page }) => {
  assert.equal(await page.title(), "made-up – polysemanticity of 16 units");
  assert.equal(await count(page), "16 units");
  await page.locator('[data-unit="conv1:2"] .group canvas').first().waitFor();
  assert.ok(await drawn(page, '[data-unit="conv1:2"] .group canvas'));
  // K = 3 of 8 images, then the dataset's best
  assert.deepEqual(await page.locator('[data-unit="conv1:2"] figcaption').allTextContents(), [
    "3",
    "3",
    "2",
    "dataset best",
  ]);
  assert.match((await page.locator('[data-unit="conv1:5"]').textContent())!, /dead/);
});

browserTest("the page sorts units, those without a score last", madeUpRun, () => ({}), {}, async ({ page }) => {
  // at first by S: K = 4 and D = 7 / 40 are the highest of both parts, then K = 4 and D = 3 / 40, ...
  const order = ["fc1:7", "conv1:3", "fc1:3", "fc1:6", "fc1:9", "conv1:2", "fc1:2", "fc1:5", "conv1:1", "fc1:1"];
  assert.deepEqual((await names(page)).slice(0, 10), order);
  assert.equal((await names(page)).at(-1), "conv1:5");
  await page.selectOption("#order", "layer");
  assert.deepEqual((await names(page)).slice(0, 2), ["conv1:0", "conv1:1"]);
  await page.selectOption("#order", "S down");
  assert.deepEqual((await names(page)).slice(0, 10), order);
  await page.selectOption("#order", "S up");
  assert.deepEqual((await names(page)).slice(0, 2), ["conv1:0", "conv1:4"]);
  assert.equal((await names(page)).at(-1), "conv1:5");
});

const BY_LAYER = { hash: "?sort=layer" };

browserTest("the page filters by layer, K, S, flag and words", madeUpRun, () => ({}), BY_LAYER, async ({ page }) => {
  await page.selectOption("#layer", "conv1");
  assert.equal(await count(page), "6 of 16 units");
  await page.selectOption("#clusters", "2+");
  assert.deepEqual(await names(page), ["conv1:1", "conv1:2", "conv1:3"]);
  await page.click("#reset");
  assert.equal(await count(page), "16 units");
  await page.fill("#s-from", "0.5");
  await page.locator("#s-from").blur();
  assert.deepEqual(await names(page), ["fc1:7"]); // 3/7 + 7/40 - 3/40 = .5286; the next is conv1:3 with .4714
  await page.fill("#s-to", "0.52");
  await page.locator("#s-to").blur();
  assert.equal(await page.locator("#nothing").isVisible(), true);
  await page.click("#reset");
  await page.selectOption("#flag", "flag:dead");
  assert.deepEqual(await names(page), ["conv1:5"]);
  await page.click("#reset");
  await page.fill("#search", "FC1:3");
  assert.deepEqual(await names(page), ["fc1:3"]);
  await page.selectOption("#order", "layer");
  await page.fill("#search", "dataset higher");
  assert.deepEqual(await names(page), ["conv1:1", "fc1:1", "fc1:6"]);
});

const query = (page: Page) => Object.fromEntries(new URL(page.url()).searchParams);

browserTest("filters and order are in the page's address", madeUpRun, () => ({}), {}, async ({ page, file }) => {
  assert.deepEqual(query(page), {});
  await page.selectOption("#layer", "fc1");
  await page.selectOption("#clusters", "2+");
  await page.selectOption("#flag", "flag:dataset_higher");
  await page.selectOption("#order", "S up");
  await page.fill("#search", "higher");
  await page.fill("#s-from", "0.1");
  await page.locator("#s-from").blur();
  const asked = { layer: "fc1", K: "2+", flag: "dataset_higher", sort: "S up", search: "higher", S_from: "0.1" };
  assert.deepEqual(query(page), asked);
  assert.deepEqual(await names(page), ["fc1:1", "fc1:6"]); // of K = 2 and 3
  await page.locator('[data-unit="fc1:6"] h3 a').click();
  await opened(page, "fc1:6");
  assert.deepEqual(query(page), asked);
  await page.keyboard.press("Escape");
  // the dialog closes a little later, and a reload would open it again
  for (let i = 0; i < 250 && new URL(page.url()).hash !== ""; i++) await page.waitForTimeout(20);
  await page.reload();
  assert.deepEqual(await names(page), ["fc1:1", "fc1:6"]);
  await page.click("#reset");
  assert.deepEqual(query(page), {});
  assert.equal(await page.locator("#unfit").isHidden(), true);
  await page.goto(`file://${file}?layer=conv9&S_from=high&K=2%2B#fc1:5`);
  await opened(page, "fc1:5");
  assert.equal(
    await page.locator("#unfit").textContent(),
    "The address asks for layer conv9, S_from high, which this page does not have.",
  );
  assert.equal(await count(page), "10 of 16 units"); // of 15 scored five have K = 1
});

browserTest("the summary's numbers lead to their units", madeUpRun, () => ({}), {}, async ({ page }) => {
  await page.click(".headline a:has-text('with two or more clusters')");
  assert.equal(await count(page), "10 of 16 units");
  assert.deepEqual(query(page), { K: "2+" });
  await page.click(".layers a:has-text('conv1')");
  assert.equal(await count(page), "6 of 16 units");
  assert.equal(await page.evaluate("document.activeElement.id"), "atlas");
});

browserTest(
  "there is no option that no unit has, and no choice of one",
  () => madeUpRun({ layers: { conv1: 3 }, withoutDataset: true }), // K = 1 and 2, the third is dead
  () => ({}),
  {},
  async ({ page }) => {
    assert.deepEqual(await page.locator("#clusters option").allTextContents(), [
      "any K",
      "2 or more",
      "K = 1",
      "K = 2",
    ]);
    assert.deepEqual(await page.locator("#flag option").allTextContents(), [
      "any or none",
      "none",
      "dataset higher",
      "dead",
    ]);
    assert.equal(await page.locator("#layer").isVisible(), false);
    const orders = await page.locator("#order option").evaluateAll((all) =>
      all.map((each) => each.getAttribute("value"))
    );
    assert.ok(orders.includes("sure up") && !orders.includes("change down"), orders.join());
  },
);

browserTest("a deep link opens its unit", madeUpRun, () => ({}), { hash: "#fc1:6" }, async ({ page }) => {
  await opened(page, "fc1:6");
  assert.equal(await page.locator("#unit-title").textContent(), "fc1:6");
  assert.equal(await page.locator("dialog .cluster .tiles canvas").count(), 8 + 9);
  assert.ok(await drawn(page, "dialog .tiles canvas"));
  assert.equal(await page.locator("dialog .map canvas").count(), 8);
  assert.equal(await page.locator("dialog .chart").count(), 3);
  assert.match((await page.locator("dialog").textContent())!, /literal stop, 4/);
});

browserTest(
  "an image is enlarged, stepped through, and kept as a PNG",
  madeUpRun,
  () => ({}),
  { hash: "#fc1:6" },
  async ({ page }) => {
    await opened(page, "fc1:6");
    const caption = () => page.locator("#viewer-caption").textContent();
    await page.locator("dialog .tiles .tile").nth(1).click(); // of K = 3 the first cluster has images 1, 4 and 7
    assert.equal(await caption(), "image 4, cluster 1, activation 2.63"); // 2 + 6 / 10 + 3 / 100
    assert.ok(await drawn(page, "#viewer-image"));
    const image = page.waitForEvent("download");
    await page.click("#image-file");
    assert.equal((await image).suggestedFilename(), "fc1_6-image-4.png");
    const { width, height } = await readPng(await (await image).path());
    assert.deepEqual([width, height], [32, 32]);
    await page.keyboard.press("ArrowRight");
    assert.equal(await caption(), "image 7, cluster 1, activation 2.66");
    await page.keyboard.press("ArrowRight");
    assert.equal(await caption(), "image 2, cluster 2, activation 2.61");
    await page.keyboard.press("Escape");
    await page.locator("#viewer").waitFor({ state: "hidden" });
    assert.equal(await page.locator("#unit-title").textContent(), "fc1:6");
    assert.equal(await page.evaluate("document.activeElement.title"), "image 4, cluster 1, activation 2.63");
    await page.locator("dialog .map canvas").nth(7).click();
    assert.equal(await caption(), "image 8, cluster 2, activation 2.67");
    await page.click("#image-close");
    const sheet = page.waitForEvent("download");
    await page.click("a[download='fc1_6.jpg']");
    assert.deepEqual((await Deno.readFile(await (await sheet).path())).slice(0, 3), Uint8Array.of(0xff, 0xd8, 0xff));
  },
);

browserTest(
  "the dataset's best images have the names of their classes",
  () => {
    const run = madeUpRun({ layers: { conv1: 2 }, images: 4 });
    // the nine best of unit 0 are images 0, 7, 14, ..., 56
    const labels = Array.from({ length: 100 }, (_, i) => i < 20 ? 1 : 0);
    return { ...run, dataset: { ...run.dataset!, labels, classes: ["ship", "<b>frog"] } };
  },
  () => ({}),
  { hash: "#conv1:0" },
  async ({ page }) => {
    await opened(page, "conv1:0");
    const names = await page.locator("dialog .tiles figcaption").allTextContents();
    assert.deepEqual(names, ["<b>frog", "<b>frog", "<b>frog", ...Array(6).fill("ship")]);
    const first = page.locator("dialog .tiles figure .tile").first();
    assert.equal(await first.getAttribute("title"), "test image 0, <b>frog, activation 1.50");
    await page.keyboard.press("Escape");
    assert.equal(await page.locator('[data-unit="conv1:0"] .group-note').textContent(), "ship 6, <b>frog 3");
  },
);

browserTest(
  "every card of the list has its images, near or far, for a capture of the whole page",
  () => madeUpRun({ layers: { conv1: 70 }, images: 4 }),
  () => ({}),
  {},
  async ({ page }) => {
    const blank = page.locator(".card:not(:has(canvas))");
    assert.equal(await page.locator(".card").count(), 60);
    await blank.first().waitFor({ state: "detached" });
    await page.evaluate("scrollTo(0, document.body.scrollHeight)");
    await page.locator(".card").nth(69).waitFor();
    await blank.filter({ hasNotText: "dead" }).first().waitFor({ state: "detached" });
  },
);

browserTest(
  "a unit opens by keyboard, steps to the next, and closes",
  madeUpRun,
  () => ({}),
  BY_LAYER,
  async ({ page }) => {
    await page.locator('[data-unit="conv1:4"] h3 a').focus();
    await page.keyboard.press("Enter");
    await opened(page, "conv1:4");
    assert.ok(page.url().endsWith("?sort=layer#conv1:4"));
    await page.keyboard.press("ArrowRight");
    await opened(page, "conv1:5");
    assert.match((await page.locator("dialog").textContent())!, /Dead: its gradient is zero/);
    await page.keyboard.press("ArrowLeft");
    await opened(page, "conv1:4");
    await page.keyboard.press("Escape");
    await page.locator("dialog").waitFor({ state: "hidden" });
    await page.waitForURL((url) => url.hash === ""); // the link is taken back a moment after
    assert.equal(await page.evaluate("document.activeElement.textContent"), "conv1:4");
    await page.keyboard.press("/");
    assert.equal(await page.evaluate("document.activeElement.id"), "search");
  },
);

browserTest(
  "a link to a unit that is not there says so",
  madeUpRun,
  () => ({}),
  { hash: "#conv9:%3Cimg%20src=x%3E" },
  async ({ page }) => {
    assert.equal(await page.locator("#unknown").textContent(), "There is no unit conv9:<img src=x> in this page.");
    assert.equal(await page.locator("img").count(), 0);
  },
);

const HOSTILE = `<img src=x onerror="document.title='owned'"></script><script>document.title='owned'</script>`;

browserTest(
  "a run named <img onerror> shows as text, and so do its layers and flags",
  () => {
    const run = madeUpRun({ name: HOSTILE, layers: { [HOSTILE]: 3 }, images: 4, manifest: { model: HOSTILE } });
    return { ...run, units: run.units.map((unit) => ({ ...unit, flags: [HOSTILE] })) };
  },
  () => ({ notices: [HOSTILE] }),
  { hash: `#${encodeURIComponent(`${HOSTILE}:1`)}` },
  async ({ page }) => {
    await opened(page, `${HOSTILE}:1`);
    assert.equal(await page.locator("h1").textContent(), HOSTILE);
    assert.equal(await page.locator("#unit-title").textContent(), `${HOSTILE}:1`);
    assert.equal(await page.locator("img").count(), 0);
    assert.ok((await page.title()).startsWith("<img"));
  },
);

browserTest(
  "layers have any text for a name: units are shown, linked, filtered and compared by it",
  () => madeUpRun({ layers: ODD_LAYERS, images: 4 }),
  () => ({
    compare: { run: madeUpRun({ name: "second", layers: ODD_LAYERS, images: 4, moreClusters: 1 }), settings: [] },
  }),
  {},
  async ({ page, file }) => {
    assert.equal(await count(page), `${2 * ODD_NAMES.length} units`);
    for (const name of ODD_NAMES) {
      const unit = `${name}:1`;
      await page.goto(`file://${file}${unitLink(unit)}`);
      await opened(page, unit);
      assert.equal(await page.locator("#unit-title").textContent(), unit);
      assert.equal(await page.locator("#unknown").isHidden(), true);
      await page.keyboard.press("Escape");
      await page.waitForURL((url) => url.hash === "");
      assert.equal(await page.evaluate("document.activeElement.closest('.card').dataset.unit"), unit);
      await page.selectOption("#layer", { value: `layer:${name}` });
      await page.selectOption("#order", "layer");
      assert.deepEqual(await names(page), [`${name}:0`, unit]);
      await page.click("#reset");
    }
    assert.deepEqual((await page.locator(".layers tbody th").allTextContents()).toSorted(), ODD_NAMES.toSorted());
    const links = await page.locator("#changes a").evaluateAll((links) =>
      links.map((link) => [link.textContent, link.getAttribute("href")])
    );
    const units = ODD_NAMES.flatMap((name) => [`${name}:0`, `${name}:1`]);
    assert.deepEqual(new Map(links as [string, string][]), new Map(units.map((unit) => [unit, unitLink(unit)])));
    assert.equal(await page.locator("b").filter({ hasText: "bold" }).count(), 0);
  },
);

browserTest(
  "two runs side by side: the changes are listed, sorted and filtered",
  () => madeUpRun({ images: 4 }),
  () => ({
    compare: {
      run: madeUpRun({ name: "second", images: 4, layers: { conv1: 6, fc1: 4, fc2: 1 }, moreClusters: 1 }),
      settings: ["seed 0 → 1"],
    },
  }),
  {},
  async ({ page }) => {
    const rows = page.locator("#changes tr");
    assert.equal(await rows.count(), 17);
    await page.check("#only-k");
    assert.equal(await page.locator("#changes-count").textContent(), "9 of 17 units"); // 5 of conv1, 4 of fc1
    await page.click('th[data-column="dK"] button');
    assert.equal(await page.locator('th[data-column="dK"]').getAttribute("aria-sort"), "descending");
    await page.click('th[data-column="dK"] button');
    // ascending: K = 4 becomes 1 in unit 3 of either layer
    assert.deepEqual(await page.locator("#changes tr th").allTextContents().then((all) => all.slice(0, 2)), [
      "conv1:3",
      "fc1:3",
    ]);
    assert.match((await rows.first().textContent())!, /−3/);
    await rows.first().locator("a").click();
    await opened(page, "conv1:3");
    assert.match((await page.locator("dialog").textContent())!, /The same unit in second/);
  },
);

browserTest(
  "images beside the page are shown, and missing ones are told",
  () => madeUpRun({ layers: { conv1: 3 }, images: 4 }),
  () => ({ inlineLimit: 100 }),
  {},
  async ({ page, file, complaints }) => {
    await page.locator('[data-unit="conv1:0"] canvas').first().waitFor();
    await page.goto(`file://${file}#conv1:0`);
    await opened(page, "conv1:0");
    await page.locator("dialog .tile").first().click();
    // the browser gives no pixels of a file beside the page; the file itself is linked
    assert.equal(await page.locator("#image-file").isVisible(), false);
    assert.equal(await page.locator("a[download='conv1_0.jpg']").getAttribute("href"), "report_files/unit-0.jpg");
    await page.goto("about:blank");
    await Deno.remove(file.replace("report.html", "report_files"), { recursive: true });
    await page.goto(`file://${file}#conv1:1`);
    await opened(page, "conv1:1");
    assert.match(
      (await page.locator("dialog").textContent())!,
      /missing: keep the folder report_files beside this page/,
    );
    assert.equal(await page.locator("dialog .chart").count(), 2); // the numbers stay
    const expected = complaints.splice(0).filter((each) => !/ERR_FILE_NOT_FOUND|about:blank/.test(each));
    assert.deepEqual(expected, []);
  },
);

interface AxeResult {
  readonly violations: readonly {
    id: string;
    impact: string;
    nodes: readonly { html: string; failureSummary: string }[];
  }[];
}

/** Serious and critical violations, as axe-core finds them. */
async function violations(page: Page): Promise<string[]> {
  // evaluated through the debugger, which the page's own policy does not bind
  await page.evaluate(AXE);
  const { violations } = await page.evaluate("axe.run(document, { resultTypes: ['violations'] })") as AxeResult;
  return violations.filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 200)}: ${failureSummary}`)
    );
}

for (const theme of ["light", "dark"] as const) {
  browserTest(
    `axe-core finds nothing serious in the ${theme} page, nor in an open unit`,
    () => madeUpRun({ missing: 2 }),
    async () => ({
      figures: await Array.fromAsync(drawFigures(madeUpRun()), async ({ title, spec }) => ({
        title,
        svg: await renderSvg(spec),
      })),
      compare: { run: madeUpRun({ name: "second", moreClusters: 1 }), settings: ["seed 0 → 1"] },
    }),
    { theme },
    async ({ page }) => {
      assert.ok(await page.locator(".vega svg").count() >= 6);
      await page.locator(".card").first().scrollIntoViewIfNeeded();
      await page.locator(".group canvas").first().waitFor();
      assert.deepEqual(await violations(page), []);
      await page.locator('[data-unit="conv1:1"] h3 a').click();
      await opened(page, "conv1:1");
      assert.deepEqual(await violations(page), []);
    },
  );
}

browserTest(
  "the switch changes the theme, whatever the system's",
  () => madeUpRun({ layers: { conv1: 2 }, images: 4 }),
  () => ({}),
  { theme: "dark" },
  async ({ page }) => {
    const ground = () => page.evaluate("getComputedStyle(document.body).backgroundColor") as Promise<string>;
    const dark = await ground();
    await page.click("#theme"); // from auto to light
    assert.equal(await page.locator("#theme").textContent(), "Theme: light");
    const light = await ground();
    assert.notEqual(light, dark);
    await page.click("#theme");
    assert.equal(await ground(), dark);
  },
);

const LONG_NAME = "/layer2/layer2.0/downsample/downsample.0/Conv_with_no_place_to_break";
const LONG_LAYERS = { [LONG_NAME]: 6, fc1: 10 };

const CSV = 'layer,unit,S\n"convolução, 1",0,0.5\n';

browserTest("all scores are kept as CSV", madeUpRun, () => ({ csv: CSV }), {}, async ({ page }) => {
  const download = page.waitForEvent("download");
  await page.click("text=All scores as CSV");
  assert.equal((await download).suggestedFilename(), "made-up-scores.csv");
  assert.equal(await Deno.readTextFile(await (await download).path()), CSV);
});

for (const width of [360, 1280]) {
  browserTest(
    `on a screen of ${width} px the interval of S is read, and what scrolls says so`,
    madeUpRun,
    () => ({ figures: [{ title: "a", svg: `<svg viewBox="0 0 540 9"><text>a</text></svg>` }] }),
    { width, hash: "#conv1:1" },
    async ({ page }) => {
      await opened(page, "conv1:1");
      // S = .1643 of conv1:1; its interval is from 0 halfway to 1
      assert.equal(await page.locator("dialog").getByText("90 %: 0.000 to 0.582").isVisible(), true);
      await page.keyboard.press("Escape");
      assert.equal(await page.locator('[data-unit="conv1:1"]').getByText("90 %: 0.000 to 0.582").isVisible(), true);
      const scrolling = await page.locator(".scroll").evaluateAll((all) =>
        all.map((each) => [each.scrollWidth > each.clientWidth, each.hasAttribute("data-scrolls")])
      );
      assert.deepEqual(scrolling, Array(2).fill(width === 360 ? [true, true] : [false, false]));
    },
  );
}

/** Waits until a measure is what it is to be: a page that is still being laid out may be another width for a moment. */
async function comesTo(expected: number, measure: () => Promise<unknown>): Promise<void> {
  let found = await measure();
  for (let i = 0; i < 30 && found !== expected; i++) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    found = await measure();
  }
  assert.equal(found, expected);
}

for (const width of [360, 1920]) {
  browserTest(
    `nothing is wider than a screen of ${width} px`,
    () =>
      madeUpRun({
        images: 48,
        name: "a-long-name-of-a-run-that-has-no-place-to-break-calibrated-2-seed0",
        layers: LONG_LAYERS,
      }),
    () => ({ compare: { run: madeUpRun({ name: "second", images: 4, layers: LONG_LAYERS }), settings: [] } }),
    { width },
    async ({ page }) => {
      await page.locator(".card").first().scrollIntoViewIfNeeded(); // far down on a phone: images come when near
      await page.locator(".group canvas").first().waitFor();
      await comesTo(width, () => page.evaluate("document.documentElement.scrollWidth"));
      await page.locator(`[data-unit="${LONG_NAME}:1"] h3 a`).click();
      await opened(page, `${LONG_NAME}:1`);
      await comesTo(
        0,
        () => page.locator("#unit-content").evaluate(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth),
      );
    },
  );
}

/** Milliseconds to the first content of a page, as its clock has them, and how long its main thread worked until then. */
async function firstContent(page: Page, url: string): Promise<{ wall: number; work: number }> {
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable", { timeDomain: "threadTicks" });
  await page.goto(url, { waitUntil: "commit" });
  const paint = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? null";
  let wall: number | null = null;
  while (wall === null) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    wall = await page.evaluate(paint) as number | null;
  }
  const { metrics } = await session.send("Performance.getMetrics");
  await page.waitForLoadState("load");
  await session.detach();
  return { wall, work: 1000 * metrics.find(({ name }) => name === "TaskDuration")!.value };
}

/** A page of one word shows in this many milliseconds on a machine that has time for a browser; its time is the best of three. */
const IDLE_MACHINE = 150;

browserTest(
  "236 units of 48 images are under 20 MB and show within a second",
  () => madeUpRun({ layers: { conv1: 6, conv2: 16, fc1: 120, fc2: 84, fc3: 10 }, images: 48 }),
  () => ({}),
  {},
  async ({ page, file }) => {
    const { size } = await Deno.stat(file);
    const word = join(file, "../word.html");
    await Deno.writeTextFile(word, "<!doctype html><title>word</title><p>word</p>");
    const best = async (url: string) => {
      const tries: { wall: number; work: number }[] = [];
      for (let i = 0; i < 3; i++) tries.push(await firstContent(page, url));
      return tries.reduce((least, each) => each.wall < least.wall ? each : least);
    };
    const plain = await best(`file://${word}`);
    const atlas = await best(`file://${file}`);
    await page.locator(".card").first().scrollIntoViewIfNeeded();
    await page.locator(".group canvas").first().waitFor();
    console.log(
      `236 units of 48 images: ${(size / 1e6).toFixed(1)} MB; first content after ${
        atlas.wall.toFixed(0)
      } ms (best of three), ` +
        `of them ${atlas.work.toFixed(0)} ms of work (a page of one word: ${plain.wall.toFixed(0)} ms)`,
    );
    assert.ok(size < 20e6, `${size} bytes`);
    assert.ok(atlas.work < 500, `${atlas.work} ms of work before the first content`);
    if (atlas.wall >= 1000 && plain.wall > IDLE_MACHINE) {
      console.log(
        `the second to first content was not judged: this machine is so busy that a page of one word takes ` +
          `${plain.wall.toFixed(0)} ms; run this test again when it is idle`,
      );
      return;
    }
    assert.ok(atlas.wall < 1000, `${atlas.wall} ms`);
  },
);
