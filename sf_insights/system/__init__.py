"""The operating system: files that survive, signals, the disk, the clock."""
