"""The scenarios with pika, for the argument's jobs; see test/support/amqp091-scenario.ts."""
import json
import random
import sys
import threading

import pika
from pika.exceptions import ChannelClosedByBroker, UnroutableError

from stage import Inbox, Stage, headers_of, must_be, send, text_of

task = json.loads(sys.argv[1])
said = threading.Lock()
NUMBERS = [f"m{100 + number}" for number in range(20)]
# pika 1.4.4 cuts off the fraction of what it reads.
UNREADABLE = {"float", "double"}


def work_queue(stage):
    queue = stage.named("q")
    doomed = stage.connect()
    channel = doomed.channel()
    declared = channel.queue_declare(queue, durable=True).method
    must_be("declared", (declared.queue, declared.message_count, declared.consumer_count), (queue, 0, 0))
    channel.basic_qos(prefetch_count=5)
    worker = Inbox(channel, queue)
    publisher = stage.confirming()
    send(publisher, "", queue, *NUMBERS)
    worker.until(lambda: len(worker.arrived) >= 5)
    worker.until(lambda: publisher.queue_declare(queue, passive=True).method.message_count == 15)
    must_be("prefetched", [body.decode() for _, _, body in worker.arrived], NUMBERS[:5])
    channel.basic_ack(worker.arrived[1][0].delivery_tag, multiple=True)
    worker.until(lambda: len(worker.arrived) == 7)
    stage.cut(doomed)
    second = stage.channel()
    second.basic_qos(prefetch_count=10)
    left = Inbox(second, queue)
    seen = {}
    while len(seen) < 18:
        method, _, body = left.take()
        seen[body.decode()] = method.redelivered
    must_be("left", sorted(seen), NUMBERS[2:])
    must_be("redelivered", [seen[number] for number in NUMBERS[2:]], [True] * 5 + [False] * 13)


def fanout(stage):
    exchange = stage.named("x")
    publisher = stage.confirming()
    publisher.exchange_declare(exchange, "fanout", auto_delete=True)
    inboxes = []
    for _ in range(2):
        channel = stage.channel()
        queue = channel.queue_declare("", exclusive=True).method.queue
        channel.queue_bind(queue, exchange)
        inboxes.append((queue, Inbox(channel, queue, auto_ack=True)))
    send(publisher, exchange, "any", "1", "2", "3")
    for _, inbox in inboxes:
        must_be("received", [inbox.receive()[2] for _ in range(3)], [b"1", b"2", b"3"])
    (first, inbox), (_, other) = inboxes
    inbox.channel.queue_unbind(first, exchange)
    send(publisher, exchange, "", "unbound")
    send(publisher, "", first, "directly")
    must_be("after its unbinding", inbox.receive()[2], b"directly")
    must_be("of the other", other.receive()[2], b"unbound")


def routing(stage):
    channel = stage.confirming()
    topic, headers = stage.named("topic"), stage.named("headers")
    channel.exchange_declare(topic, "topic", durable=True)
    channel.exchange_declare(headers, "headers", durable=True)
    channel.exchange_bind(headers, topic, "to.headers")

    def bound(name, exchange, pattern, arguments=None):
        queue = stage.named(name)
        channel.queue_declare(queue, exclusive=True)
        channel.queue_bind(queue, exchange, pattern, arguments)
        return queue

    europe = bound("europe", topic, "order.*.eu")
    orders = bound("orders", topic, "order.#")
    red = bound("red", headers, "", {"x-match": "all", "colour": "red", "size": 3})
    for key in ["order", "order.new.eu", "order.new.us", "order.a.b.eu", "bill.new.eu"]:
        send(channel, topic, key, key)
    for colour in ["blue", "red"]:
        properties = pika.BasicProperties(headers={"colour": colour, "size": 3})
        channel.basic_publish(topic, "to.headers", colour.encode(), properties)
    must_be("order.*.eu", Inbox(channel, europe).bodies(1), ["order.new.eu"])
    must_be("order.#", Inbox(channel, orders).bodies(4), ["order", "order.new.eu", "order.new.us", "order.a.b.eu"])
    must_be("headers", Inbox(channel, red).bodies(1), ["red"])


def answer_to(stage, requests):
    """Two questions, by a connection and thread of its own."""
    server = stage.channel()
    server.queue_declare(requests)

    def serve():
        inbox = Inbox(server, requests)
        for _ in range(2):
            _, properties, body = inbox.take()
            answer = pika.BasicProperties(correlation_id=properties.correlation_id)
            server.basic_publish("", properties.reply_to, b"answer to " + body, answer)
        server.queue_delete(requests)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    return thread


def ask(channel, requests, replies, answers):
    for id in ("a", "b"):
        properties = pika.BasicProperties(reply_to=replies, correlation_id=id)
        channel.basic_publish("", requests, f"question {id}".encode(), properties)
    for id in ("a", "b"):
        _, properties, body = answers.receive()
        must_be("answer", (body.decode(), properties.correlation_id), (f"answer to question {id}", id))


def direct_reply_to(stage):
    requests = stage.named("requests")
    server = answer_to(stage, requests)
    channel = stage.channel()
    replies = "amq.rabbitmq.reply-to"
    ask(channel, requests, replies, Inbox(channel, replies, auto_ack=True))
    server.join()


def reply_queue(stage):
    requests = stage.named("requests")
    server = answer_to(stage, requests)
    channel = stage.channel()
    replies = channel.queue_declare("", exclusive=True, auto_delete=True).method.queue
    ask(channel, requests, replies, Inbox(channel, replies, auto_ack=True))
    server.join()
    must_be("for another", refused(lambda: stage.channel().queue_declare(replies, passive=True)), 405)


def retry(stage):
    channel = stage.confirming()
    work, later = stage.named("work"), stage.named("later")

    def dead_letters(key):
        return {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": key}

    channel.queue_declare(later, durable=True, arguments={"x-message-ttl": 300, **dead_letters(work)})
    channel.queue_declare(work, durable=True, arguments=dead_letters(later))
    worker = Inbox(channel, work)
    send(channel, "", work, "hard")
    for attempt in range(3):
        method, properties, body = worker.receive()
        must_be("body", body, b"hard")
        deaths = (properties.headers or {}).get("x-death", [])
        told = [(death["reason"], death["queue"], death["count"]) for death in deaths]
        must_be("x-death", told, [("expired", later, attempt), ("rejected", work, attempt)] if attempt else [])
        if attempt < 2:
            channel.basic_nack(method.delivery_tag, requeue=False)
        else:
            channel.basic_ack(method.delivery_tag)


def mandatory(stage):
    channel = stage.confirming()
    try:
        channel.basic_publish("", stage.named("nowhere"), b"lost", mandatory=True)
        told = []
    except UnroutableError as error:
        told = [(each.method.reply_code, each.method.reply_text, each.body) for each in error.messages]
    must_be("returned", told, [(312, "NO_ROUTE", b"lost")])


def transaction(stage):
    queue = stage.named("q")
    channel = stage.channel()
    channel.queue_declare(queue, durable=True)
    channel.tx_select()
    send(channel, "", queue, "rolled back")
    channel.tx_rollback()
    send(channel, "", queue, "1", "2")
    plain = stage.channel()
    must_be("before commit", plain.basic_get(queue), (None, None, None))
    channel.tx_commit()
    must_be("committed", Inbox(plain, queue).bodies(2), ["1", "2"])
    plain.connection.close()
    send(stage.confirming(), "", queue, "3")
    inside = Inbox(channel, queue)
    must_be("inside", inside.bodies(1), ["3"])
    channel.tx_rollback()
    channel.basic_cancel(inside.tag)
    channel.close()
    method, _, body = Inbox(stage.channel(), queue).take()
    must_be("its rolled back acknowledgement", (body, method.redelivered), (b"3", True))


def cancel(stage):
    queue = stage.named("q")
    channel = stage.confirming()
    channel.queue_declare(queue, durable=True)
    own = Inbox(channel, queue, consumer_tag="mine")
    must_be("tag", own.tag, "mine")
    send(channel, "", queue, "1")
    must_be("before", own.bodies(1), ["1"])
    channel.basic_cancel("mine")
    send(channel, "", queue, "2")
    got = []

    def get():
        got[:] = channel.basic_get(queue)
        return got[0] is not None

    own.until(get)
    must_be("got", (got[2], got[0].redelivered), (b"2", False))
    channel.basic_ack(got[0].delivery_tag)
    other = Inbox(stage.channel(), queue)
    channel.queue_delete(queue)
    other.until(lambda: other.cancelled)


def refused(operation):
    try:
        operation()
    except ChannelClosedByBroker as error:
        return error.reply_code
    return "nothing"


def refusals(stage):
    connection = stage.connect()
    queue = stage.named("q")
    must_be("absent", refused(lambda: connection.channel().queue_declare(queue, passive=True)), 404)
    must_be("absent exchange", refused(lambda: connection.channel().queue_bind(queue, queue, "")), 404)
    connection.channel().queue_declare(queue, durable=True)
    must_be("unequal", refused(lambda: connection.channel().queue_declare(queue)), 406)
    must_be("reserved", refused(lambda: connection.channel().queue_declare("amq.mine")), 403)
    must_be("default exchange", refused(lambda: connection.channel().queue_bind(queue, "", "k")), 403)
    connection.channel().queue_delete(queue)


def large_message(stage):
    queue = stage.named("q")
    channel = stage.confirming()
    channel.queue_declare(queue, durable=True)
    content = random.Random(1).randbytes(task["largeBytes"])
    channel.basic_publish("", queue, content)
    must_be("equal", Inbox(channel, queue).take()[2] == content, True)


PROPERTIES = {
    "content_type": "text/plain",
    "content_encoding": "utf-8",
    "delivery_mode": 1,
    "priority": 7,
    "correlation_id": "correlation",
    "reply_to": "replies",
    "expiration": "3600000",
    "message_id": "id",
    "timestamp": 1_700_000_000,
    "type": "kind",
    "app_id": "app",
}


def types(stage):
    connection = stage.connect(task["ports"]["recorded"])
    channel = connection.channel()
    channel.confirm_delivery()
    for reader in task["readers"]:
        queue = f"{task['exchange']}-pika-{reader}"
        channel.queue_declare(queue, durable=True)
        channel.basic_publish("", queue, "größe".encode(), pika.BasicProperties(headers=headers_of(task)))
        channel.basic_publish("", queue, b"\x00\xff\x80", pika.BasicProperties(**PROPERTIES))
        channel.basic_publish("", queue, b"")
    for writer in task["writers"]:
        queue = f"{task['exchange']}-{writer}-pika"
        channel.queue_declare(queue, durable=True)
        inbox = Inbox(channel, queue)
        _, properties, body = inbox.take()
        must_be(f"{writer}'s text", body.decode(), "größe")
        must_be(f"{writer}'s headers", len(properties.headers) >= 9, True)
        for name, value in properties.headers.items():
            if name not in UNREADABLE:
                must_be(f"{writer}'s {name}", text_of(value), task["headers"][name])
        _, properties, body = inbox.take()
        must_be(f"{writer}'s properties", {name: getattr(properties, name) for name in PROPERTIES}, PROPERTIES)
        must_be(f"{writer}'s body", body, b"\x00\xff\x80")
        must_be(f"{writer}'s empty body", inbox.take()[2], b"")


SCENARIOS = {
    "work queue": work_queue,
    "fanout": fanout,
    "routing": routing,
    "direct reply-to": direct_reply_to,
    "reply queue": reply_queue,
    "retry": retry,
    "mandatory": mandatory,
    "transaction": transaction,
    "cancel": cancel,
    "refusals": refusals,
    "large message": large_message,
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


print(json.dumps({"version": f"pika {pika.__version__}"}), flush=True)
threads = [
    threading.Thread(target=perform, args=(job, scenario), daemon=True)
    for job in task["jobs"]
    for scenario in job["scenarios"].split(",")
]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
