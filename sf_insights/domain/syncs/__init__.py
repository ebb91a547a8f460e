"""Rules about syncs: days, stages, schedule, progress and alerts."""
