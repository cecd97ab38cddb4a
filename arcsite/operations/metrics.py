"""The metrics by name, and how they are told to Prometheus.

Everything is read from the database at the moment of asking, so all web processes on all hosts say the same,
and nothing is lost when one of them ends.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from arcsite.operations import readings
from arcsite.operations.readings import Sample

Family = GaugeMetricFamily | CounterMetricFamily


@dataclass(frozen=True)
class Metric:
    """``name`` as Prometheus shows it; a counter's ends with ``_total``."""

    name: str
    meaning: str
    labels: tuple[str, ...] = ()

    @property
    def is_counter(self) -> bool:
        return self.name.endswith("_total")

    def family(self) -> Family:
        kind = CounterMetricFamily if self.is_counter else GaugeMetricFamily
        return kind(self.name, self.meaning, labels=self.labels)


METRICS = (
    Metric("arc_queue_photos", "Photos that a person has to look at.", ("state",)),
    Metric("arc_queue_oldest_seconds", "Since when the first of them waits.", ("state",)),
    Metric("arc_work_photos", "Decided photos on their way.", ("state",)),
    Metric("arc_fingerprint_late_seconds", "For how long the first fingerprint has been due."),
    Metric("arc_purge_photos", "Photos whose original is to be destroyed."),
    Metric("arc_purge_late_seconds", "For how long the first destruction has been due."),
    Metric("arc_decisions_last_day", "Final decisions of the last 24 hours."),
    Metric("arc_decision_seconds", "From arrival to decision, of those decisions.", ("quantile",)),
    Metric("arc_originals", "Originals that are kept, each one object of the store."),
    Metric("arc_feed_head", "The last number of the feed."),
    Metric("arc_partner_feed_lag", "Numbers of the feed that a live partner did not ask for.", ("partner",)),
    Metric("arc_partner_silence_seconds", "Since a live partner fetched the feed.", ("partner",)),
    Metric("arc_partner_alarm", "1 for each thing that is wrong with a partner.", ("partner", "alarm")),
    Metric("arc_limiter_refused_total", "Tries beyond a limit, ever.", ("limit",)),
    Metric("arc_worker_silence_seconds", "Since the worker gave a sign of life."),
    Metric("arc_task_messages", "Messages in the task queue."),
    Metric("arc_audit_entries", "Entries of the audit."),
    Metric("arc_audit_sound", "0 when the last whole check of the audit found a fault."),
    Metric("arc_audit_check_age_seconds", "Since the last whole check of the audit."),
)


class FromDatabase(Collector):
    """Reads at each question; costs at most twelve short queries."""

    def collect(self) -> Iterator[Family]:
        families = {metric.name: metric.family() for metric in METRICS}
        for sample in readings.read():
            add(families[sample.name], sample)
        yield from families.values()


def add(family: Family, sample: Sample) -> None:
    family.add_metric(list(sample.labels), sample.value)


def exposition() -> bytes:
    """All metrics in Prometheus's text format 0.0.4. Raises DatabaseError."""
    registry = CollectorRegistry()
    registry.register(FromDatabase())
    return generate_latest(registry)
