// The parent asks over the IPC channel, the child answers. The child exits when its parent is gone.
export function answer(handlers) {
  process.on('message', async ({ number, question, value }) => {
    process.send({ number, answer: await handlers[question]?.(value) });
  });
  process.on('disconnect', () => process.exit());
}
