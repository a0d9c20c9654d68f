"""Every misconfiguration has an id, a level, and a hint that names the setting and the fix."""

from __future__ import annotations
