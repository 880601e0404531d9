/**
 * Jobs: the plan, and who works through it, in this process or in workers.
 *
 * @module
 */
export { bestOfDataset, passDataset } from "./dataset_pass.ts";
export { type DevicePlan, type DeviceWork, planForDevice, type WorkerCard } from "./device_plan.ts";
export { createPlan, type Job, parseShard, UNITS_PER_JOB } from "./plan.ts";
export { type AdapterFailure, type JobStore, scoreAll, type ScoreAllEvents } from "./score_all.ts";
export { scoreAllHere } from "./score_all_here.ts";
export { scoreAllInWorkers, suggestWorkers } from "./score_all_in_workers.ts";
export { createWorkerPool, serveTasks } from "./worker_pool.ts";
export { type MemoryLimit, memoryLimit } from "./memory_limit.ts";
