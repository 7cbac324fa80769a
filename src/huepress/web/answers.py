"""How answers are written, whatever files are called."""

from __future__ import annotations

import json
from urllib.parse import quote

from starlette.responses import Response


def as_json(value: object, status: int = 200) -> Response:
    """Return an answer as JSON in plain ASCII: a file's name may hold bytes that are no text in any encoding."""
    return Response(json.dumps(value), status, media_type="application/json")


def attachment(name: str) -> dict[str, str]:
    """Return the header that has a browser save a file (RFC 6266)."""
    return {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='', errors='replace')}"}
