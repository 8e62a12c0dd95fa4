// The only place where tests read the environment for how much they draw.

/** How many items the drawn tests compare: what an everyday run has time for, or more. */
export const ITEMS = Number(process.env.FAULT_ITEMS ?? 8_000);

/** What they are drawn from: a run prints it, and can be made again with it. */
export const SEED = Number(process.env.FAULT_SEED ?? Math.floor(Math.random() * 2 ** 31));
