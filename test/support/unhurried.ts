/** Longer than any test may take: what a busy machine does to a service is not what tests are about. */
export const UNHURRIED = { MAX_EVENT_LOOP_DELAY_MS: '0', REQUEST_TIMEOUT_MS: '60000', ATTEMPT_TIMEOUT_MS: '60000' };
