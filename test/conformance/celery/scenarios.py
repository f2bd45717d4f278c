"""A Celery application with workers of its own, for the argument's jobs; see test/support/celery-scenario.ts."""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from urllib.parse import quote

task = json.loads(sys.argv[1])
here = Path(__file__).parent
folder = Path(sys.argv[3] if len(sys.argv) > 3 else tempfile.mkdtemp(prefix="pulsegate-celery-"))
(folder / "results").mkdir(exist_ok=True)
TIMEOUT_S = 40
BACKENDS = {"rpc": "rpc://", "files": (folder / "results").as_uri()}


def environment(transport, backend="rpc"):
    """Clients over TLS have user and password, others are RabbitMQ's guest."""
    tls = transport == "tls"
    user = f"{quote(task['user'])}:{quote(task['password'])}" if tls else "guest:guest"
    return {
        "CELERY_PREFIX": task["prefix"],
        "CELERY_BROKER": f"{'amqps' if tls else 'amqp'}://{user}@{task['host']}:{task['ports'][transport]}//",
        "CELERY_BACKEND": BACKENDS[backend],
        "CELERY_QUEUE": "tasks" if backend == "rpc" else "files",
        "CELERY_CA": task["caFile"] if tls else "",
        "CELERY_HOST": task["host"],
    }


if len(sys.argv) > 2:  # the scenarios of one transport, in a process of its own, as an application has one broker
    os.environ.update(environment(sys.argv[2]))
    from celery import chain, group
    from celery.exceptions import TaskRevokedError

    from tasks import add, app, fail, flaky, late, sleep


def must_be(what, actual, expected):
    if actual != expected:
        raise AssertionError(f"{what}: {actual!r} instead of {expected!r}")


def until(what, condition):
    deadline = time.monotonic() + TIMEOUT_S
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"takes too long: {what}")
        time.sleep(0.05)
    return value


class Worker:
    """`celery worker` as users start it: prefork, with gossip, mingle and events."""

    def __init__(self, name, queue, *options, backend="rpc"):
        self.name = f"{name}@{task['prefix']}"
        self.log = folder / f"{name}.log"
        command = [sys.executable, "-m", "celery", "-A", "tasks", "worker", "-l", "INFO", "-E", "-n", self.name]
        self.process = subprocess.Popen(
            [*command, "-Q", f"{task['prefix']}-{queue}", *options],
            cwd=here,
            env={**os.environ, **environment("tcp", backend)},
            stdout=self.log.open("wb"),
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def said(self, text):
        return text in self.log.read_text(errors="replace")

    def ready(self):
        until(f"{self.name} to be ready", lambda: self.process.poll() is not None or self.said(" ready."))
        must_be("worker", self.process.poll(), None)

    def kill(self):
        try:
            os.killpg(self.process.pid, 9)
        except ProcessLookupError:
            pass
        self.process.wait()


def tasks():
    must_be("sum", add.delay(2, 3).get(timeout=TIMEOUT_S), 5)
    results = [add.delay(number, number) for number in range(30)]
    must_be("sums", [result.get(timeout=TIMEOUT_S) for result in results], [2 * number for number in range(30)])
    failed = fail.delay()
    try:
        failed.get(timeout=TIMEOUT_S)
    except ValueError as error:
        must_be("failure", (str(error), failed.state), ("as it was asked to", "FAILURE"))
    else:
        raise AssertionError("no failure")


def canvas():
    must_be("chain", chain(add.s(1, 2), add.s(3), add.s(4))().get(timeout=TIMEOUT_S), 10)
    together = group(add.s(number, 1) for number in range(10))()
    must_be("group", together.get(timeout=TIMEOUT_S), list(range(1, 11)))


def chords():
    """Of the worker that keeps results in files: Celery has no chords with rpc://."""
    script = """
from celery import chord
from tasks import add, total
print(chord(add.s(n, n) for n in range(8))(total.s()).get(timeout=40))
"""
    env = {**os.environ, **environment("tcp", "files")}
    ran = subprocess.run([sys.executable, "-c", script], cwd=here, env=env, capture_output=True, text=True)
    if ran.stdout.strip() != "56":
        log = (folder / "two.log").read_text(errors="replace")
        raise AssertionError(f"chord: {ran.stdout} {ran.stderr[-200:]}; its worker: {log[-3000:]}")


def retries():
    must_be("attempts before", flaky.delay().get(timeout=TIMEOUT_S), 2)


def countdown():
    sent = time.monotonic()
    must_be("sum", add.apply_async((1, 1), countdown=1).get(timeout=TIMEOUT_S), 2)
    must_be("waited", time.monotonic() - sent >= 1, True)


def acks_late():
    queue = f"{task['prefix']}-late"
    doomed = Worker("doomed", "late", "-P", "solo")
    started = folder / "started"
    try:
        result = late.apply_async((str(started),), queue=queue)
        until("the task to start", started.exists)
    finally:
        doomed.kill()
    one = f"one@{task['prefix']}"
    app.control.add_consumer(queue, reply=True, destination=[one], timeout=10, limit=1)
    must_be("done by", result.get(timeout=TIMEOUT_S), [one, True])


def remote_control():
    names = sorted(f"{name}@{task['prefix']}" for name in ("one", "two"))

    def answered(replies):
        return sorted(name for reply in replies for name in reply if name in names)

    must_be("ping", answered(app.control.ping(timeout=10, limit=2)), names)
    inspect = app.control.inspect(destination=names, timeout=10, limit=2)
    must_be("registered", all("tasks.add" in all_ for all_ in inspect.registered().values()), True)
    queues = {name: [queue["name"] for queue in queues] for name, queues in inspect.active_queues().items()}
    must_be("queues of two", queues[names[1]], [f"{task['prefix']}-files"])
    must_be("stats", sorted(inspect.stats()), names)
    limited = app.control.rate_limit("tasks.fail", "100/s", reply=True, timeout=10, limit=2, destination=names)
    must_be("rate limit", answered(limited), names)


def events():
    wanted = {"task-received", "task-started", "task-succeeded", "worker-heartbeat"}
    seen = set()
    ended = threading.Event()

    def work():
        while not ended.wait(0.5):
            add.delay(1, 1)

    with app.connection() as connection:

        def handle(event):
            seen.add(event["type"])
            receiver.should_stop = wanted <= seen

        receiver = app.events.Receiver(connection, handlers={"*": handle})
        threading.Thread(target=work, daemon=True).start()
        receiver.capture(limit=None, timeout=TIMEOUT_S, wakeup=True)
        ended.set()
    must_be("missing", sorted(wanted - seen), [])


def revoke():
    result = sleep.delay(600)
    until("the task to start", lambda: result.state == "STARTED")
    result.revoke(terminate=True, signal="SIGKILL")
    try:
        result.get(timeout=TIMEOUT_S)
    except TaskRevokedError:
        return
    raise AssertionError("not revoked")


def purge():
    queue = f"{task['prefix']}-nobody"
    with app.connection() as connection:
        channel = connection.default_channel
        channel.queue_declare(queue, durable=True, auto_delete=False)
        for number in range(3):
            add.apply_async((number, number), queue=queue)
        until("all to be there", lambda: channel.queue_declare(queue, passive=True).message_count == 3)
        must_be("purged", channel.queue_purge(queue), 3)
        must_be("left", channel.queue_delete(queue), 0)


SCENARIOS = {
    "tasks": tasks,
    "canvas": canvas,
    "chord": chords,
    "retry": retries,
    "countdown": countdown,
    "acks late": acks_late,
    "remote control": remote_control,
    "events": events,
    "revoke": revoke,
    "purge": purge,
}


def perform(transport, scenario):
    told = {"transport": transport, "scenario": scenario}
    try:
        SCENARIOS[scenario]()
    except Exception as error:  # whatever it is, it is the outcome
        told["fault"] = f"{type(error).__name__}: {error}"
    print(json.dumps(told), flush=True)


def perform_all(transport, scenarios):
    """Those that wait most are beside the others. A result backend of rpc:// is one thread's."""
    threads = [threading.Thread(target=perform, args=(transport, each)) for each in scenarios]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def main():
    import celery

    print(json.dumps({"version": f"celery {celery.__version__}"}), flush=True)
    one = Worker("one", "tasks", "-c", "2")
    workers = [one]
    try:
        one.ready()
        workers.append(Worker("two", "files", "-c", "1", backend="files"))
        workers[1].ready()
        play = [sys.executable, __file__, sys.argv[1]]
        jobs = [subprocess.Popen([*play, job["transport"], str(folder)], cwd=here) for job in task["jobs"]]
        for job in jobs:
            job.wait()
        perform_workers(workers)
    finally:
        for worker in workers:
            worker.kill()
        shutil.rmtree(folder)


def perform_workers(workers):
    """What they say of each other, and that they end when they are asked to."""
    told = {"transport": "tcp", "scenario": "workers"}
    try:
        must_be("mingle", workers[1].said("mingle: sync complete"), True)
        shutdown = "from tasks import app; app.control.shutdown()"
        subprocess.run([sys.executable, "-c", shutdown], cwd=here, env={**os.environ, **environment("tcp")}, check=True)
        must_be("exit", [worker.process.wait(TIMEOUT_S) for worker in workers], [0, 0])
        must_be("errors", [worker.name for worker in workers if worker.said("Traceback") and not worker.said("ValueError")], [])
    except Exception as error:
        told["fault"] = f"{type(error).__name__}: {error}"
    if "fault" in told:
        for worker in workers:
            sys.stderr.write(f"{worker.name}:\n{worker.log.read_text(errors='replace')[-6000:]}\n")
    print(json.dumps(told), flush=True)


if len(sys.argv) > 2:
    job = next(job for job in task["jobs"] if job["transport"] == sys.argv[2])
    perform_all(sys.argv[2], job["scenarios"].split(","))
else:
    main()
