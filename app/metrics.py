"""Prometheus metrics: every label has few values, and none is anybody's text."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from app.services.runtime import Runtime

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """What one application counts.

    Parameters
    ----------
    runtime
        Returns what is served, once it is.
    """

    def __init__(self, runtime: Callable[[], Runtime | None]) -> None:
        self.registry = CollectorRegistry()
        self._seconds = Histogram(
            "tagprime_request_seconds",
            "Time from a request's head to its answer's end.",
            ("method", "route", "outcome"),
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self._queries = Counter(
            "tagprime_queries",
            "Answered queries, by whether the tag is in the vocabulary.",
            ("vocabulary",),
            registry=self.registry,
        )
        self.registry.register(_State(runtime))

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request, called as `app.labels` calls it."""
        self._seconds.labels(method, route, f"{status // 100}xx").observe(seconds)

    def query(self, in_vocabulary: bool) -> None:
        """Count an answered query."""
        self._queries.labels("in" if in_vocabulary else "out").inc()

    def text(self) -> bytes:
        """Return the metrics as Prometheus reads them."""
        return generate_latest(self.registry)


class _State(Collector):
    """Metrics that are read from the running service at each scrape."""

    def __init__(self, runtime: Callable[[], Runtime | None]) -> None:
        self._runtime = runtime

    def collect(self) -> Iterable[Metric]:
        """Yield what is served, the index caches, and whether the store answers."""
        held = self._runtime()
        if held is None:
            return
        served = GaugeMetricFamily(
            "tagprime_model", "Always 1: what each alias serves.", labels=("alias", "name", "version")
        )
        for alias, model in held.registry.served().items():
            served.add_metric((alias, model.name, model.version), 1)
        yield served
        cache = CounterMetricFamily(
            "tagprime_index_cache", "Indexes of contexts that were found or built.", labels=("result",)
        )
        searches = [serving.search for serving in held.registry.active()]
        cache.add_metric(("hit",), sum(search.hits for search in searches))
        cache.add_metric(("miss",), sum(search.misses for search in searches))
        yield cache
        jobs = GaugeMetricFamily("tagprime_evaluations", "Evaluations by state.", labels=("status",))
        for status, count in held.monitor.evaluations.items():
            jobs.add_metric((status,), count)
        yield jobs
        unserved = GaugeMetricFamily(
            "tagprime_alias_unserved",
            "Always 1: a model alias that does not serve what the store names.",
            labels=("alias",),
        )
        for alias in held.registry.unserved():
            unserved.add_metric((alias,), 1)
        yield unserved
        yield GaugeMetricFamily(
            "tagprime_store_monitor_up",
            "Whether reading the store ended without a fault of the service at the last attempt.",
            value=float(held.monitor.fault is None),
        )
        yield GaugeMetricFamily(
            "tagprime_store_up", "Whether the store answered at the last check.", value=float(held.monitor.up)
        )
