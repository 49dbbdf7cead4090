// Loaded before a child's own program: a child never outlives the supervisor, however that one ends.
process.on('disconnect', () => process.exit(0))
// It may have ended while this was being loaded.
if (!process.connected) process.exit(0)
process.channel?.unref()
