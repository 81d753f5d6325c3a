"""Celery's traps are set: each of these values has lost or doubled work somewhere (docs/reliability.md)."""

import pytest

from workers.main import app

TRAPS = {
    "task_acks_late": True,
    "task_reject_on_worker_lost": False,
    "task_ignore_result": True,
    "worker_prefetch_multiplier": 1,
    "worker_proc_alive_timeout": 120,
    "worker_cancel_long_running_tasks_on_connection_loss": False,
    "broker_connection_max_retries": None,
    "broker_connection_retry_on_startup": True,
    "accept_content": ["json"],
    "result_backend": None,
}


@pytest.mark.parametrize("name", TRAPS)
def test_a_trap_is_set(name):
    assert app.conf[name] == TRAPS[name]


def test_a_lost_message_is_not_redelivered_while_its_task_may_still_run():
    assert app.conf.broker_transport_options["visibility_timeout"] > app.conf.task_time_limit
    assert app.conf.task_soft_time_limit < app.conf.task_time_limit


def test_each_task_has_its_queue():
    import workers.tasks  # noqa: F401

    routes = app.conf.task_routes
    ours = {name for name in app.tasks if name.startswith("palmares.")}
    assert ours == set(routes)
    assert {routes[name]["queue"] for name in ours} == {"validate", "score"}
