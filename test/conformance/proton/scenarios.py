"""The scenarios with Qpid Proton, for the argument's jobs; see test/support/amqp-scenario.ts."""
import json
import random
import sys
import threading
import time

from proton import Message, symbol
from proton import VERSION
from proton.reactor import Copy, DurableSubscription, Selector

from stage import (
    Capabilities, RawMessage, RawReceiver, Stage, Transactions, bodies, each_once, must_be, must_be_values, send, take, values,
)  # fmt: skip

task = json.loads(sys.argv[1])
said = threading.Lock()
NUMBERS = [f"m{100 + number}" for number in range(20)]


def queue(stage):
    address = stage.queue("q")
    members = [stage.connect().create_receiver(address, credit=5) for _ in range(2)]
    sender = stage.connect()
    send(sender, address, *NUMBERS)
    each_once(members, NUMBERS)
    for member in members:
        member.close()
    send(sender, address, "end")
    must_be("left", take(sender.create_receiver(address)).body, "end")


def topic(stage):
    address = stage.topic("t")
    subscribers = [stage.connect().create_receiver(address, credit=10) for _ in range(2)]
    publisher = stage.connect()
    send(publisher, address, "1", "2", "3")
    for subscriber in subscribers:
        must_be("received", bodies(subscriber, 3), ["1", "2", "3"])
    subscribers.append(publisher.create_receiver(address, credit=10))
    send(publisher, address, "end")
    for subscriber in subscribers:
        must_be("at the end", take(subscriber).body, "end")


def durable_subscriber(stage):
    address = stage.topic("t")

    def subscribe(connection):
        return connection.create_receiver(address, credit=10, name="sub", options=DurableSubscription())

    first = stage.connect("durable")
    subscribe(first).link.detach()
    first.close()
    publisher = stage.connect()
    send(publisher, address, "1", "2", "3")
    again = stage.connect("durable")
    back = subscribe(again)
    must_be("received", bodies(back, 3), ["1", "2", "3"])
    send(publisher, address, "4")
    back.close()
    back = subscribe(again)
    send(publisher, address, "5")
    must_be("after its end", take(back).body, "5")


def shared_subscriber(stage):
    address = stage.topic("t")
    options = [DurableSubscription(), Capabilities("shared", "global", "topic")]
    members = [
        stage.connect().create_receiver(address, credit=5, name=stage.address("sub"), options=options) for _ in range(2)
    ]
    publisher = stage.connect()
    send(publisher, address, *NUMBERS)
    each_once(members, NUMBERS)
    for member in members:
        member.link.detach()
        member.connection.close()
    send(publisher, address, "away")
    back = publisher.create_receiver(address, credit=5, name=stage.address("sub"), options=options)
    must_be("while away", take(back).body, "away")


def reply_queue(stage):
    requests = stage.queue("requests")

    def respond():
        connection = stage.connect()
        question = take(connection.create_receiver(requests))
        answer = Message(
            address=question.reply_to, body=f"answer to {question.body}", correlation_id=question.correlation_id
        )
        connection.create_sender(None).send(answer)

    responder = threading.Thread(target=respond, daemon=True)
    responder.start()
    connection = stage.connect()
    answers = connection.create_receiver(None, dynamic=True)
    question = Message(body="question", reply_to=answers.link.remote_source.address, correlation_id=7)
    send(connection, requests, question)
    answer = take(answers)
    must_be("answer", answer.body, "answer to question")
    must_be("correlation", answer.correlation_id, 7)
    responder.join()


def selector(stage):
    connection = stage.connect()
    addresses = [stage.topic("t"), stage.queue("q")]
    chosen = Selector("colour = 'red' AND size BETWEEN 2 AND 5 OR JMSType LIKE 'spe%'")
    receivers = [connection.create_receiver(address, credit=10, options=chosen) for address in addresses]
    for address in addresses:
        messages = [
            Message(
                body=f"m{number}",
                properties={"colour": "blue" if number % 2 else "red", "size": number},
                subject="special" if number == 3 else None,
            )
            for number in range(4)
        ]
        send(connection, address, *messages)
    must_be("topic", bodies(receivers[0], 2), ["m2", "m3"])
    must_be("queue", sorted(bodies(receivers[1], 2)), ["m2", "m3"])
    receivers[1].close()
    left = connection.create_receiver(addresses[1], credit=10)
    must_be("left in the queue", sorted(bodies(left, 2)), ["m0", "m1"])


def transaction(stage):
    address = stage.queue("q")
    connection = stage.connect()
    transactions = Transactions(connection)
    sender = connection.create_sender(address)
    first = transactions.begin()
    first.send(sender.link, Message(body="rolled back"))
    first.abort()
    transactions.end("aborted")
    second = transactions.begin()
    for body in ("1", "2"):
        second.send(sender.link, Message(body=body))
    second.commit()
    transactions.end("committed")
    plain = stage.connect()
    consumer = plain.create_receiver(address)
    must_be("committed", bodies(consumer, 2), ["1", "2"])
    consumer.close()
    send(plain, address, "3", "4")
    inside = connection.create_receiver(address, credit=10)
    for how, end in [("before rollback", "aborted"), ("after rollback", "committed")]:
        each = transactions.begin()
        must_be(how, [inside.receive().body for _ in range(2)], ["3", "4"])
        while inside.fetcher.unsettled:
            each.accept(inside.fetcher.unsettled.popleft())
        (each.abort if end == "aborted" else each.commit)()
        transactions.end(end)
    inside.close()
    send(plain, address, "end")
    must_be("left", take(plain.create_receiver(address)).body, "end")


def acknowledgement(stage):
    address = stage.queue("q")
    connection = stage.connect()
    send(connection, address, "1", "2", "3")
    receiver = connection.create_receiver(address, credit=1)
    must_be("first", receiver.receive().body, "1")
    receiver.release(delivered=False)
    must_be("all", sorted([receiver.receive().body for _ in range(3)]), ["1", "2", "3"])
    receiver.accept()
    receiver.accept()
    receiver.fetcher.unsettled[0].local.failed = True
    receiver.release()  # modified
    failed = receiver.receive()
    must_be("counted", failed.delivery_count > 0, True)
    receiver.reject()
    send(connection, address, "4")
    must_be("after reject", receiver.receive().body, "4")
    connection.close()
    left = take(stage.connect().create_receiver(address))
    must_be("unsettled", (left.body, left.delivery_count > 0 or not left.first_acquirer), ("4", True))


def large_message(stage):
    address = stage.queue("q")
    connection = stage.connect()
    content = random.Random(1).randbytes(task["largeBytes"])
    send(connection, address, Message(body=content, inferred=True))
    message = take(connection.create_receiver(address))  # what owns the memory of the body
    must_be("equal", bytes(message.body) == content, True)


def delay(stage):
    address = stage.queue("q")
    connection = stage.connect()
    receiver = connection.create_receiver(address, credit=10)
    sent = time.monotonic()
    send(connection, address, Message(body="late", annotations={symbol("x-opt-delivery-delay"): 1500}), "now")
    arrived = {take(receiver).body: time.monotonic() for _ in range(2)}
    must_be("received", sorted(arrived), ["late", "now"])
    must_be("waited", arrived["late"] - sent >= 1.4, True)


def browser(stage):
    address = stage.queue("q")
    connection = stage.connect()
    send(connection, address, "1", "2", "3")
    seen = connection.create_receiver(address, credit=10, options=Copy())
    must_be("seen", bodies(seen, 3), ["1", "2", "3"])
    seen.close()
    must_be("still there", bodies(connection.create_receiver(address), 3), ["1", "2", "3"])


def types(stage):
    connection = stage.connect()
    for reader in task["readers"]:
        send(connection, f"/queues/{task['exchange']}-proton-{reader}", *values())
    for reader in task["raw"]:
        messages = [RawMessage(bytes.fromhex(each["hex"])) for each in task["corpus"]]
        sender = connection.create_sender(f"/queues/{task['exchange']}-raw-proton-{reader}")
        for message in messages:
            sender.send(message)
    for writer in task["writers"]:
        receiver = connection.create_receiver(f"/queues/{task['exchange']}-{writer}-proton", credit=5)
        for place in range(5):
            must_be_values(writer, take(receiver), place)
    for writer in task["raw"]:
        receiver = RawReceiver(connection, f"/queues/{task['exchange']}-raw-{writer}-proton")
        for each in task["corpus"]:
            sections = receiver.take().hex()
            if not sections.endswith(each["hex"]):
                raise AssertionError(f"{writer}'s {each['name']}: {sections} does not end with {each['hex']}")


SCENARIOS = {
    "queue": queue,
    "topic": topic,
    "durable subscriber": durable_subscriber,
    "shared subscriber": shared_subscriber,
    "reply queue": reply_queue,
    "selector": selector,
    "transaction": transaction,
    "acknowledgement": acknowledgement,
    "large message": large_message,
    "delay": delay,
    "browser": browser,
    "types": types,
}


def perform(job, scenario):
    stage = Stage(task, job, scenario.replace(" ", "-"))
    told = {"transport": job["transport"], "scenario": scenario}
    try:
        SCENARIOS[scenario](stage)
    except Exception as error:  # whatever it is, it is the outcome
        told["fault"] = f"{type(error).__name__}: {error}"
    with said:
        print(json.dumps(told), flush=True)
    stage.end()


print(json.dumps({"version": "python-qpid-proton " + ".".join(map(str, VERSION))}), flush=True)
threads = [
    threading.Thread(target=perform, args=(job, scenario), daemon=True)
    for job in task["jobs"]
    for scenario in job["scenarios"].split(",")
]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
sys.stdout.flush()
