"""Telling systemd how this process is, as sd_notify(3) has it. Without systemd nothing happens."""

import os
import socket
from contextlib import suppress

READY, ALIVE, STOPPING = "READY=1", "WATCHDOG=1", "STOPPING=1"


def tell(state: str) -> None:
    """Send ``state`` to the socket that systemd named; whatever becomes of it, the work goes on."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    if address.startswith("@"):
        address = f"\0{address[1:]}"
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
        # A full queue must not stop the supervisor that this is about.
        sender.setblocking(False)
        sender.sendto(state.encode(), address)
