/** Set by `npm run test:long`: the whole of what the everyday run takes a part of. Nobody else reads it. */
export const LONG_RUN = process.env.TEST_LONG === 'true';
