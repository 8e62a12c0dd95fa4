// Loaded before a program under test: ends it when the test that started it is gone, however that went.
process.on('disconnect', () => process.exit(1));
process.channel?.unref();
