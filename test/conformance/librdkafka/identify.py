"""The identity client for librdkafka.

Arguments: job file (its format: test/support/identity-job.ts), bootstrap, file of the authority, own name.
"""

import base64
import sys
import time

import confluent_kafka
from confluent_kafka import KafkaError


def text(word):
    return base64.b64decode(word[1:]).decode("utf-8")


def settings(job, bootstrap, ca_file, on_error):
    _, _, mechanism, username, password, token, cert_file, key_file, _, _, _, try_ms = job
    found = {
        "bootstrap.servers": bootstrap,
        "security.protocol": "SSL" if mechanism == "-" else "SASL_SSL",
        "ssl.ca.location": ca_file,
        "broker.address.family": "v4",
        "message.timeout.ms": int(try_ms),
        "error_cb": on_error,
    }
    if cert_file != "-":
        found["ssl.certificate.location"] = text(cert_file)
        found["ssl.key.location"] = text(key_file)
    if mechanism == "OAUTHBEARER":
        found["oauth_cb"] = lambda _: (text(token), time.time() + 3600)
    elif mechanism != "-":
        found["sasl.username"] = text(username)
        found["sasl.password"] = text(password)
    if mechanism != "-":
        found["sasl.mechanism"] = mechanism
    return found


def outcome(error):
    if error is None:
        return "written"
    if error.code() == KafkaError._AUTHENTICATION:
        return "unauthenticated"
    if error.code() == KafkaError.TOPIC_AUTHORIZATION_FAILED:
        return "forbidden"
    return "refused" if error.code() in (KafkaError._MSG_TIMED_OUT, KafkaError._TRANSPORT) else "failed"


def write(producer, topic, value, failures, try_ms):
    answers = []
    try:
        producer.produce(topic, value=value, on_delivery=lambda error, _: answers.append(error))
    except confluent_kafka.KafkaException as refusal:  # what it has learned of the topic before
        return refusal.args[0]
    end = time.monotonic() + 2 * try_ms / 1000
    # Wrong credentials are no end for librdkafka: it says so and tries again for as long as the message may wait.
    while not answers and not failures and time.monotonic() < end:
        producer.poll(0.1)
    return failures[0] if failures else answers[0]


def serve(job, bootstrap, ca_file, own_name):
    value, try_ms = f"{own_name}/{job[1]}", int(job[11])
    failures = []
    told = ""
    outcomes = []

    def on_error(error):
        if error.code() == KafkaError._AUTHENTICATION:
            failures.append(error)

    producer = confluent_kafka.Producer(settings(job, bootstrap, ca_file, on_error), logger=None)
    for topic in (job[8], job[9]):
        error = write(producer, topic, value, failures, try_ms)
        end = time.monotonic() + (int(job[10]) / 1000 if topic == job[8] else 0)
        while error is None and time.monotonic() < end:
            time.sleep(0.25)
            error = write(producer, topic, value, failures, try_ms)
        outcomes.append(outcome(error))
        told = told if error is None else error.str().replace("\n", " ")
    producer.purge()
    print(job[1], *outcomes, told, flush=True)


def main():
    print("client", f"librdkafka {confluent_kafka.libversion()[0]}", flush=True)
    with open(sys.argv[1], encoding="ascii") as lines:
        for line in lines:
            serve(line.split(), *sys.argv[2:])


main()
