"""Sends the records of a job file (its format: test/support/producer-job.ts) with librdkafka.

Arguments: job file, bootstrap for SASL/PLAIN, bootstrap for anonymous clients, user name, password.
"""

import base64
import sys

import confluent_kafka

FLUSH_SECONDS = 60


def to_bytes(word):
    return None if word == "-" else base64.b64decode(word[1:])


def settings(job, args):
    _, _, _, codec, acks, idempotence, security = job
    found = {
        "bootstrap.servers": args[1] if security == "anonymous" else args[0],
        "compression.type": codec,
        "acks": acks,
        "linger.ms": 5,
        "batch.num.messages": 20,
        "message.timeout.ms": 40000,
    }
    if idempotence != "default":
        found["enable.idempotence"] = idempotence == "on"
    if security != "anonymous":
        found.update(
            {
                "security.protocol": "SASL_PLAINTEXT",
                "sasl.mechanism": "PLAIN",
                "sasl.username": args[2],
                "sasl.password": args[3],
            }
        )
    return found


def send(producer, topic, words, on_delivery):
    timestamp = {} if words[2] == "-" else {"timestamp": int(words[2])}
    headers = [
        (to_bytes(name).decode("utf-8"), to_bytes(value))
        for name, value in (each.split(":") for each in words[5:])
    ]
    producer.produce(
        topic,
        partition=int(words[1]),
        key=to_bytes(words[3]),
        value=to_bytes(words[4]),
        headers=headers or None,
        on_delivery=on_delivery,
        **timestamp,
    )
    producer.poll(0)


def run(job, records, args):
    offsets = [None] * len(records)
    errors = []

    def delivered(index):
        def report(error, message):
            if error is not None:
                errors.append(str(error))
            else:
                offset = message.offset()
                offsets[index] = -1 if offset is None or offset < 0 else offset

        return report

    try:
        producer = confluent_kafka.Producer(settings(job, args), logger=None)
        for index, words in enumerate(records):
            send(producer, job[2], words, delivered(index))
        left = producer.flush(FLUSH_SECONDS)
        if left:
            errors.append(f"{left} records were not delivered")
    except Exception as error:  # every failure is the job's answer
        errors.append(repr(error))
    if errors:
        print(job[1], "failed", errors[0].replace("\n", " "), flush=True)
    else:
        print(job[1], "ok", *offsets, flush=True)


def main():
    print("client", f"librdkafka {confluent_kafka.libversion()[0]}", flush=True)
    job, records = None, []
    with open(sys.argv[1], encoding="ascii") as lines:
        for line in lines:
            words = line.split()
            if words[0] == "job":
                if job:
                    run(job, records, sys.argv[2:])
                job, records = words, []
            else:
                records.append(words)
    if job:
        run(job, records, sys.argv[2:])


main()
