"""The statuses of a field. Every command imports this file; it imports nothing that takes time."""

from __future__ import annotations

from typing import Literal

Status = Literal["pending", "active", "paused", "deselected"]
VISIBLE: tuple[Status, ...] = ("active", "paused")  # to analysts
