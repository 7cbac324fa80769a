"""How long the server listens to somebody who does not come to the point."""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.h11_impl import H11Protocol

MOST_HEADER_BYTES = 32 << 10


class Impatient(H11Protocol):
    """Hangs up on whoever connects and then says nothing, or spells out a request's headers letter by letter.

    Otherwise anybody, without a key, could hold open as many connections as the server may have.
    """

    patience = 10.0
    """Seconds for the headers of a request; at most twice as many."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to watch the clock."""
        super().connection_made(transport)
        self._look_later(None)

    def _look_later(self, seen: object) -> None:
        self.loop.call_later(self.patience, self._look, seen)

    def _look(self, seen: object) -> None:
        if self.transport.is_closing():
            return
        waits = self.cycle is None or self.cycle.response_complete
        now = (self.cycle,) if waits else None
        if waits and now == seen:
            self.transport.close()
        else:
            self._look_later(now)
