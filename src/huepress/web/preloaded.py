"""What workers of the page begin with: they are forked from a process that has loaded this.

A worker whose job has become stale is stopped and replaced, so that its start is waited for again and again.
"""

from __future__ import annotations

import huepress.web.jobs  # noqa: F401
from huepress.formats.opening import load_plug_ins

load_plug_ins()
