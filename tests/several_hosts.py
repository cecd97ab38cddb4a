"""Two hosts of one service on this machine: a data directory each, database and bucket in common."""

import os
import signal
import sqlite3
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import Any

import object_server
from postgres_stage import PostgresStage
from running import free_port, wait_for

from arcsite import launcher
from arcsite.management.commands.up import children

START_SECONDS = 90.0


class Hosts(PostgresStage):
    """``data`` is where the oracle finds everything together; no process of the service works there."""

    def __init__(self, data: Path, schema: sqlite3.Connection, url: str, endpoint: str, bucket: str) -> None:
        self._endpoint, self._bucket = endpoint, bucket
        self._store = object_server.make_bucket(endpoint, bucket)
        self.hosts: list[Host] = []
        self.own = data.with_name("observer")
        self.own.mkdir(mode=0o700)
        super().__init__(data, schema, url)

    @property
    def elsewhere(self) -> dict[str, str]:
        together = {"ARC_STORE_URL": self._store, "ARC_LEASE_SECONDS": "5", **object_server.CREDENTIALS}
        # Everybody in these tests comes from one address.
        own = {"ARC_DATA": str(self.own), "ARC_REQUIRE_MFA": "off", "ARC_LIMIT_UPLOADS": "100000"}
        return {**super().elsewhere, **together, **own}

    def add_host(self) -> "Host":
        self.hosts.append(Host(self, self.data.with_name(f"host{len(self.hosts)}")))
        return self.hosts[-1]

    def _look(self, *, strays: bool) -> list[str]:
        self._fetch_objects()
        places = [self.own, *(host.data for host in self.hosts)]
        journals = [place / "journal" for place in places if (place / "journal").exists()]
        (self.data / "journal").write_bytes(b"".join(journal.read_bytes() for journal in journals))
        return super()._look(strays=strays)

    def _fetch_objects(self) -> None:
        provider = object_server.client(self._endpoint)
        for key in object_server.keys(self._endpoint, self._bucket):
            found: Any = provider.get_object(Bucket=self._bucket, Key=key)["Body"].read()
            (self.data / "store" / key.rpartition("/")[2]).write_bytes(found)

    def close(self) -> None:
        for host in self.hosts:
            host.stop()
        super().close()


class Host:
    """A web server and a worker. What is killed is started again by ``start``, as a service manager would."""

    def __init__(self, stage: Hosts, data: Path) -> None:
        self.stage, self.data = stage, data
        self.port = free_port()
        data.mkdir(mode=0o700)
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def prepare(self) -> "subprocess.Popen[bytes]":
        return self._run("manage.py", "prepare")

    def start(self) -> None:
        if "web" not in self._processes:
            server = [*children(self.port)[0].command[1:], "--workers", "1"]
            self._processes["web"] = self._run(*server)
        if "worker" not in self._processes:
            self._processes["worker"] = self._run("manage.py", "runworker")
        wait_for(lambda: launcher.answers(self.port), START_SECONDS, "the web server")

    def kill(self, name: str) -> None:
        self._processes[name].kill()
        self._processes.pop(name).communicate()

    def stop(self) -> None:
        for process in self._processes.values():
            with suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGTERM)
        for process in self._processes.values():
            process.communicate()
        self._processes.clear()

    def _run(self, *arguments: str) -> "subprocess.Popen[bytes]":
        return self.stage.start(*arguments, ARC_DATA=str(self.data))
