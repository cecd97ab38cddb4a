"""What a folder of ``arc pull`` holds, and what a service may do to a pull."""

import json
from pathlib import Path

from feed_server import Answering, FeedServer

from matching.cli.stored import CURRENT, open_pulled
from matching.engine.fingerprint import Fingerprint


def held(folder: Path) -> dict[str, Fingerprint]:
    index = open_pulled(folder)
    return {id_: index.get(id_) for id_ in index}


def expected(server: FeedServer) -> set[str]:
    return {id_ for id_, record in server.records.items() if record["status"] == "active"}


def cursor(folder: Path) -> tuple[str, int]:
    manifest = json.loads((folder / CURRENT).read_text())
    return manifest["feed"], manifest["after"]


def passed(answering: Answering) -> bool:
    return False


def down(answering: Answering) -> bool:
    answering.problem(503, "busy", {"Retry-After": "7"})
    return True


def torn(answering: Answering) -> bool:
    answering.reply(b'{"feed": "feed-o', headers={"Content-Length": "5000"})
    answering.close_connection = True
    return True


def silent(answering: Answering) -> bool:
    answering.close_connection = True
    return True


def wrong_digest(answering: Answering) -> bool:
    answering.page_reply(answering.feed_server.page(0, 3), {"Repr-Digest": "sha-256=:AAAA:"})
    return True
