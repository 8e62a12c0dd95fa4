// The parent asks over the IPC channel, the child answers. Without its parent the child ends: none is left behind.
export function answer(handlers) {
  process.on('message', async ({ number, question, value }) => {
    process.send({ number, answer: await handlers[question]?.(value) });
  });
  process.on('disconnect', () => process.exit());
}
