"""The operating system: durable files, signals, the disk, the clock."""
