import { keepsBitsInCompany, useBackend } from "../lib/engine/mod.ts";

await useBackend();

/** Whether this processor's kernels give an image the same bits in any company. Tests of just that are skipped elsewhere. */
export const COMPANY_KEEPS_BITS: boolean = keepsBitsInCompany();
