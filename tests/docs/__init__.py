"""README and docs, held to what the program does."""
