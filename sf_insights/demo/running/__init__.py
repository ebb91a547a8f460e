"""The running org: who is logged in, what was asked of it, and what goes wrong on purpose."""
