/**
 * Kills a command at many random moments, has it go on, and compares what comes of it with an undisturbed run.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { createRandom, type Random } from "../../lib/random.ts";
import { differences } from "./content.ts";
import { type Ended, type Kill, runProcess } from "./process.ts";
import type { Scenario } from "./scenarios.ts";
import { halfFilesIn, temporaryFilesIn } from "./whole.ts";

/** How much is tried. */
export interface SweepPlan {
  readonly seed: number;
  /** Trials whose first kill comes at a random moment of the whole length of the process. */
  readonly moments: number;
  /** Trials whose first kill comes at a random change of the files. */
  readonly changes: number;
}

/** What came of it. */
export interface SweepResult {
  readonly command: string;
  readonly trials: number;
  /** Processes that were killed; a trial may take several, one after the other. */
  readonly kills: number;
  /** How many of them before anything was written, meanwhile, and after the last of what is worked for. */
  readonly before: number;
  readonly meanwhile: number;
  readonly after: number;
  /** Kills that left a file with a temporary name. */
  readonly temporary: number;
  /** Seconds of an undisturbed process. */
  readonly seconds: number;
  /** A line each, with the trial; empty where all is well. */
  readonly faults: readonly string[];
}

/** Chance that what goes on after a kill is killed, too, and the most kills of a trial. */
const KILLED_AGAIN = 1 / 3;
const MOST_KILLS = 4;
/** The last moment, as a share of what an undisturbed process took: some take longer than that one. */
const LAST_MOMENT = 1.05;
/** Trials that come to their end before the moment do not count; so many for one that does is the limit. */
const TRIES = 4;

/**
 * Tries one command.
 *
 * @param folder for everything that it writes; what trials without a fault wrote is removed.
 * @param onTrial called after each trial with how many are done.
 */
export async function sweep(
  scenario: Scenario,
  plan: SweepPlan,
  folder: string,
  onTrial: (trials: number) => void = () => {},
): Promise<SweepResult> {
  const undisturbed = join(folder, "undisturbed");
  await Deno.mkdir(undisturbed, { recursive: true });
  const whole = await runProcess(scenario.plan(undisturbed), undisturbed, null);
  if (whole.code !== 0) throw new Error(`${scenario.name} fails undisturbed: ${whole.err}`);
  const expected = scenario.content(undisturbed);
  const counts = { kills: 0, before: 0, meanwhile: 0, after: 0, temporary: 0 };
  const faults = [...halfFilesIn(undisturbed, judge(scenario, undisturbed)), ...temporaryFilesIn(undisturbed)]
    .map((path) => `undisturbed: ${path}`);
  const target = plan.moments + plan.changes;
  let trials = 0;
  for (let number = 0; trials < target && number < TRIES * target; number++) {
    const random = createRandom(plan.seed, "faults", scenario.name, number);
    const own = join(folder, `trial${number}`);
    await Deno.mkdir(own, { recursive: true });
    const first = trials < plan.moments ? "moment" : random.uniform() < 0.5 ? "name" : "change";
    const kills: Kill[] = [];
    const found: string[] = [];
    let ended: Ended;
    for (;;) {
      const again = kills.length === 0 || (kills.length < MOST_KILLS && random.uniform() < KILLED_AGAIN);
      const kill = again ? drawKill(kills.length === 0 ? first : "moment", whole, random) : null;
      ended = await runProcess(scenario.plan(own), own, kill);
      if (!ended.killed) break;
      kills.push(kill!);
      counts.kills++;
      counts[scenario.done(own) ? "after" : scenario.begun(own) ? "meanwhile" : "before"]++;
      if (temporaryFilesIn(own).length > 0) counts.temporary++;
      found.push(...halfFilesIn(own, judge(scenario, own)));
    }
    if (ended.code !== 0) found.push(`exit code ${ended.code}: ${ended.err.trimEnd().split("\n").at(-1)}`);
    else {
      found.push(...halfFilesIn(own, judge(scenario, own)));
      found.push(...temporaryFilesIn(own).map((path) => `${path} is left`));
      found.push(...differences(expected, scenario.content(own)).map((part) => `${part} differs`));
    }
    const how = kills.map((kill) => kill.at === "moment" ? `${kill.seconds.toFixed(3)} s` : `${kill.at} ${kill.count}`);
    faults.push(...found.map((fault) => `trial ${number}, killed at ${how.join(", ") || "no time"}: ${fault}`));
    if (found.length === 0) await Deno.remove(own, { recursive: true });
    if (kills.length === 0) continue;
    onTrial(++trials);
  }
  if (trials < target) faults.push(`only ${trials} of ${target} trials were killed before their end`);
  if (existsSync(undisturbed)) await Deno.remove(undisturbed, { recursive: true });
  return { command: scenario.name, trials, ...counts, seconds: whole.seconds, faults };
}

function judge({ isWhole }: Scenario, folder: string): (path: string) => boolean | null {
  return (path) => isWhole?.(folder, path) ?? null;
}

function drawKill(at: Kill["at"], { seconds, changes }: Ended, random: Random): Kill {
  if (at === "moment") return { at, seconds: random.uniform() * seconds * LAST_MOMENT };
  return { at, count: random.integer(1, changes[at]) };
}
