"""The application that workers and scenarios share; where it connects comes by the environment."""
import os
import ssl
import time
from pathlib import Path

from celery import Celery

place = os.environ
prefix = place["CELERY_PREFIX"]
app = Celery("tasks", broker=place["CELERY_BROKER"], backend=place["CELERY_BACKEND"])
app.conf.update(
    task_default_queue=f"{prefix}-{place['CELERY_QUEUE']}",
    task_track_started=True,
    broker_connection_retry_on_startup=True,
    broker_connection_timeout=20,
    result_expires=600,
)
if place.get("CELERY_CA"):
    app.conf.broker_use_ssl = {
        "ca_certs": place["CELERY_CA"],
        "cert_reqs": ssl.CERT_REQUIRED,
        "server_hostname": place["CELERY_HOST"],
    }


@app.task
def add(x, y):
    return x + y


@app.task
def total(numbers):
    return sum(numbers)


@app.task
def fail():
    raise ValueError("as it was asked to")


@app.task(bind=True)
def flaky(self):
    """Done at its third attempt."""
    if self.request.retries < 2:
        raise self.retry(countdown=0.2)
    return self.request.retries


@app.task(bind=True, acks_late=True)
def late(self, started):
    """The first worker that has it never ends; the next one tells how it came."""
    if not self.request.delivery_info["redelivered"]:
        Path(started).touch()
        time.sleep(600)
    return [self.request.hostname, self.request.delivery_info["redelivered"]]


@app.task
def sleep(seconds):
    time.sleep(seconds)
