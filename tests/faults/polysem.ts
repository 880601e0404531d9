/** The command line with the commands of trials, as a process. */
import { runProcess } from "../../lib/cli/main.ts";
import { TRIAL_COMMANDS } from "./commands.ts";

await runProcess(TRIAL_COMMANDS);
