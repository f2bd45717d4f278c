"""Reads the topics of a job file (its format, and that of the answers: test/support/consumer-job.ts) with librdkafka.

Arguments: job file, bootstrap for SASL/PLAIN, bootstrap for anonymous clients, user name, password.
"""

import base64
import hashlib
import sys
import time

import confluent_kafka

IDLE_SECONDS_MAX = 40


def word(value):
    if value is None:
        return "-"
    return "=" + base64.b64encode(value).decode("ascii")


def line_of(message):
    timestamp = message.timestamp()[1]
    words = [str(message.offset()), str(timestamp), word(message.key()), word(message.value())]
    for name, value in message.headers() or []:
        words.append(f"{word(name.encode('utf-8'))}:{word(value)}")
    return " ".join(words)


class Block:
    """The records of one partition, told one by one or, many at once, by the digest of what would be told."""

    def __init__(self, job_id, partition, records_max):
        self.job_id = job_id
        self.partition = partition
        self.records_max = records_max
        self.first_offset = 0
        self.count = 0
        self.digest = hashlib.sha256()

    def add(self, message):
        line = line_of(message)
        if self.records_max == 0:
            print(self.job_id, "record", self.partition, line)
            return
        if self.count == 0:
            self.first_offset = message.offset()
        self.digest.update(line.encode("ascii") + b"\n")
        self.count += 1
        if self.count == self.records_max:
            self.end()

    def end(self):
        if self.count == 0:
            return
        print(self.job_id, "block", self.partition, self.first_offset, self.count, self.digest.hexdigest())
        self.count = 0
        self.digest = hashlib.sha256()


def settings(job, args):
    _, job_id, _, _, protocol, security, _ = job
    found = {
        "bootstrap.servers": args[1] if security == "anonymous" else args[0],
        # librdkafka wants a name for a group also where it joins none.
        "group.id": job_id,
        "auto.offset.reset": "earliest",
        "check.crcs": True,
    }
    if protocol == "none":
        found["enable.auto.commit"] = False
    else:
        found["group.protocol"] = protocol
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


def read(job, consumer):
    wanted, records_max = int(job[3]), int(job[6])
    blocks = {}
    count = 0
    deadline = time.monotonic() + IDLE_SECONDS_MAX
    while count < wanted:
        messages = consumer.consume(num_messages=1000, timeout=0.5)
        for message in messages:
            if message.error() is not None:
                raise RuntimeError(str(message.error()))
            partition = message.partition()
            if partition not in blocks:
                blocks[partition] = Block(job[1], partition, records_max)
            blocks[partition].add(message)
            count += 1
        if messages:
            deadline = time.monotonic() + IDLE_SECONDS_MAX
        elif time.monotonic() > deadline:
            raise RuntimeError(f"nothing came for {IDLE_SECONDS_MAX} s after {count} of {wanted} records")
    for block in blocks.values():
        block.end()


def assign_all(consumer, topic):
    """As consumers do that belong to no group."""
    partitions = consumer.list_topics(topic, timeout=20).topics[topic].partitions
    beginning = confluent_kafka.OFFSET_BEGINNING
    consumer.assign([confluent_kafka.TopicPartition(topic, each, beginning) for each in partitions])


def run(job, args):
    try:
        consumer = confluent_kafka.Consumer(settings(job, args), logger=None)
        try:
            if job[4] == "none":
                assign_all(consumer, job[2])
            else:
                consumer.subscribe([job[2]])
            read(job, consumer)
        finally:
            consumer.close()
        print(job[1], "ok", flush=True)
    except Exception as error:  # every failure is the job's answer
        print(job[1], "failed", repr(error).replace("\n", " "), flush=True)


def main():
    print("client", f"librdkafka {confluent_kafka.libversion()[0]}", flush=True)
    with open(sys.argv[1], encoding="ascii") as lines:
        for line in lines:
            run(line.split(), sys.argv[2:])


main()
