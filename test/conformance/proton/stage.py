"""The connections and addresses of one scenario, and the values that the clients exchange."""
import collections
import time

from proton import Array, Data, Delivery, Handler, Message, SSLDomain, Timeout, UNDESCRIBED, byte, float32, int32, short, symbol
from proton.handlers import TransactionHandler
from proton.reactor import Container, ReceiverOption
from proton.utils import BlockingConnection

TIMEOUT_S = 20


def must_be(what, actual, expected):
    if actual != expected:
        raise AssertionError(f"{what}: {actual!r} instead of {expected!r}")


class Capabilities(ReceiverOption):
    """Of the source; Proton has no option of its own for them."""

    def __init__(self, *names):
        self.names = names

    def apply(self, receiver):
        receiver.source.capabilities.put_object(Array(UNDESCRIBED, Data.SYMBOL, *map(symbol, self.names)))


class Stage:
    def __init__(self, task, job, name):
        self.task = task
        self.job = job
        self.name = name
        self.connections = []

    def connect(self, container_id=None):
        transport = self.job["transport"]
        options = {"allowed_mechs": "ANONYMOUS", "sasl_enabled": True}
        domain = None
        scheme = "amqp"
        if transport == "tls":
            scheme = "amqps"
            domain = SSLDomain(SSLDomain.MODE_CLIENT)
            domain.set_trusted_ca_db(self.task["caFile"])
            domain.set_peer_authentication(SSLDomain.VERIFY_PEER_NAME)
            options = {"allowed_mechs": "PLAIN", "user": self.task["user"], "password": self.task["password"]}
        container = Container()
        if container_id:
            container.container_id = self.address(container_id)
        url = f"{scheme}://{self.task['host']}:{self.task['ports'][transport]}"
        connection = BlockingConnection(url, timeout=TIMEOUT_S, container=container, ssl_domain=domain, **options)
        self.connections.append(connection)
        return connection

    def address(self, rest):
        return f"{self.job['prefix']}-{self.name}-{rest}"

    def queue(self, rest):
        return f"/queues/{self.address(rest)}"

    def topic(self, rest):
        return f"/topics/{self.address(rest)}"

    def end(self):
        for connection in self.connections:
            try:
                connection.close()
            except Exception:  # it is closed already
                pass


def send(connection, address, *bodies):
    sender = connection.create_sender(address)
    for body in bodies:
        sender.send(body if isinstance(body, Message) else Message(body=body))
    sender.close()


def take(receiver):
    """The next message, accepted."""
    message = receiver.receive()
    receiver.accept()
    return message


def take_soon(receiver):
    """The next message, accepted; None when there is none for a while."""
    try:
        message = receiver.receive(timeout=0.05)
    except Timeout:
        return None
    receiver.accept()
    return message


def bodies(receiver, count):
    return [take(receiver).body for _ in range(count)]


def each_once(members, wanted):
    """Every member gets some of them, all together each once."""
    got = [take(member).body for member in members]
    end = time.monotonic() + TIMEOUT_S
    while len(got) < len(wanted) and time.monotonic() < end:
        got += [message.body for message in map(take_soon, members) if message]
    must_be("each once", sorted(got), wanted)


class Outcomes(TransactionHandler):
    """What became of the transactions of one connection."""

    def __init__(self):
        super().__init__()
        self.transaction = None
        self.ended = []

    def on_transaction_declared(self, event):
        self.transaction = event.transaction

    def on_transaction_committed(self, event):
        self.ended.append("committed")

    def on_transaction_aborted(self, event):
        self.ended.append("aborted")

    def on_transaction_declare_failed(self, event):
        self.ended.append("not declared")

    def on_transaction_commit_failed(self, event):
        self.ended.append("not committed")


class Transactions:
    """One transaction after the other on one connection."""

    def __init__(self, connection):
        self.connection = connection
        self.outcomes = Outcomes()

    def begin(self):
        self.outcomes.transaction = None
        self.connection.container.declare_transaction(self.connection.conn, self.outcomes)
        self.connection.wait(lambda: self.outcomes.transaction or self.outcomes.ended, msg="declaring")
        if not self.outcomes.transaction:
            raise AssertionError(self.outcomes.ended.pop())
        return self.outcomes.transaction

    def end(self, expected):
        self.connection.wait(lambda: self.outcomes.ended, msg=f"to be {expected}")
        must_be("the transaction's end", self.outcomes.ended.pop(), expected)


class RawMessage:
    """Bytes as they go into the transfer."""

    def __init__(self, encoded):
        self.encoded = encoded

    def send(self, sender, tag=None):
        delivery = sender.delivery(tag or sender.delivery_tag())
        sender.stream(self.encoded)
        sender.advance()
        return delivery


class RawReceiver(Handler):
    """Messages as the bytes that the transfers brought, accepted."""

    def __init__(self, connection, address):
        super().__init__()
        self.received = collections.deque()
        self.connection = connection
        self.receiver = connection.create_receiver(address, credit=100, handler=self)

    def on_delivery(self, event):
        delivery = event.delivery
        if not delivery.readable or delivery.partial:
            return
        self.received.append(delivery.link.recv(delivery.pending))
        delivery.link.advance()
        delivery.update(Delivery.ACCEPTED)
        delivery.settle()
        self.connection.container.yield_()

    def take(self):
        self.connection.wait(lambda: self.received, msg="receiving bytes")
        return self.received.popleft()


KINDS = ["text", "bytes", "map", "stream", "empty"]
PROPERTIES = {
    "boolean": True, "byte": byte(-7), "short": short(-300), "int": int32(70000), "long": 1 << 40,
    "float": float32(1.5), "double": -2.25, "string": "größe",
}  # fmt: skip
BODIES = ["größe", b"\x00\x01\xff", {"name": "röd", "count": 5}, [int32(1), "two"], None]
JMS_TYPES = [5, 3, 2, 4, 0]


def values():
    """Of every kind that Jakarta Messaging has, as Stage.java writes them."""
    return [
        Message(
            body=body,
            inferred=kind in ("bytes", "stream"),
            properties=PROPERTIES,
            annotations={symbol("x-opt-jms-msg-type"): byte(jms_type)},
            subject="kind",
            correlation_id="correlation",
        )
        for kind, body, jms_type in zip(KINDS, BODIES, JMS_TYPES)
    ]


def must_be_values(writer, message, place):
    what = f"{writer}'s {KINDS[place]}"
    for name, value in PROPERTIES.items():
        actual = message.properties[name]
        must_be(f"{what} property {name}", (type(actual).__name__, actual), (type(value).__name__, value))
    must_be(f"{what} subject", message.subject, "kind")
    must_be(f"{what} correlation", message.correlation_id, "correlation")
    must_be(f"{what} annotation", message.annotations[symbol("x-opt-jms-msg-type")], JMS_TYPES[place])
    must_be(what, bytes(message.body) if KINDS[place] == "bytes" else message.body, BODIES[place])
