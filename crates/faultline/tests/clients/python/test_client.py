"""The Python client, as its users use it, against the server at TOXIPROXY."""

import os
import socket
import socketserver
import threading
import time
import unittest

from toxiproxy import Toxiproxy
from toxiproxy.exceptions import InvalidToxic, NotFound, ProxyExists

TOXICS = {
    "latency": {"latency": 20, "jitter": 5},
    "bandwidth": {"rate": 1000},
    "slow_close": {"delay": 10},
    "timeout": {"timeout": 50},
    "reset_peer": {"timeout": 10},
    "slicer": {"average_size": 64, "size_variation": 32, "delay": 10},
    "limit_data": {"bytes": 100},
}


class Echo(socketserver.BaseRequestHandler):
    def handle(self):
        try:
            while data := self.request.recv(65536):
                self.request.sendall(data)
        except ConnectionError:
            pass


def round_trip(address, text):
    """Sends a text through an address and reads as much back; how many seconds that took."""
    begun = time.monotonic()
    host, port = address.rsplit(":", 1)
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(text)
        back = b""
        while len(back) < len(text):
            data = connection.recv(65536)
            assert data, f"closed after {back!r}"
            back += data
    assert back == text, f"sent {text!r}, got {back!r}"
    return time.monotonic() - begun


class ClientTest(unittest.TestCase):
    def setUp(self):
        host, port = os.environ["TOXIPROXY"].rsplit(":", 1)
        self.client = Toxiproxy()
        self.client.update_api_consumer(host, int(port))
        self.client.destroy_all()
        self.addCleanup(self.client.destroy_all)
        server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Echo)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        self.upstream = "127.0.0.1:%d" % server.server_address[1]

    def create(self, name="echo", **more):
        return self.client.create(name=name, upstream=self.upstream, **more)

    def test_the_server_runs_and_tells_its_version(self):
        self.assertTrue(self.client.running())
        self.assertIn(b"version", self.client.version())

    def test_a_proxy_is_created_listed_changed_and_deleted(self):
        proxy = self.create()
        round_trip(proxy.listen, b"hello")
        self.assertEqual(["echo"], list(self.client.proxies()))
        self.assertEqual(self.upstream, self.client.get_proxy("echo").upstream)
        with proxy.down():
            with self.assertRaises(ConnectionRefusedError):
                round_trip(proxy.listen, b"x")
        round_trip(proxy.listen, b"again")
        self.client.destroy(proxy)
        self.assertIsNone(self.client.get_proxy("echo"))

    def test_each_toxic_is_added_listed_and_removed(self):
        proxy = self.create()
        for kind, attributes in TOXICS.items():
            for stream in ("upstream", "downstream"):
                with self.subTest(kind=kind, stream=stream):
                    proxy.add_toxic(type=kind, stream=stream, toxicity=0.5, attributes=attributes)
                    toxic = proxy.get_toxic(f"{kind}_{stream}")
                    self.assertEqual((kind, stream, 0.5), (toxic.type, toxic.stream, toxic.toxicity))
                    self.assertEqual(attributes, toxic.attributes)
                    proxy.destroy_toxic(f"{kind}_{stream}")
                    self.assertEqual({}, proxy.toxics())
        round_trip(proxy.listen, b"clean")

    def test_a_latency_is_felt(self):
        proxy = self.create()
        proxy.add_toxic(type="latency", attributes={"latency": 200})
        self.assertGreaterEqual(round_trip(proxy.listen, b"hello"), 0.2)

    def test_populate_and_reset(self):
        made = self.client.populate(
            [
                {"name": "one", "upstream": self.upstream, "listen": "127.0.0.1:0"},
                {"name": "two", "upstream": self.upstream, "listen": "127.0.0.1:0"},
            ]
        )
        made[0].add_toxic(type="latency", attributes={"latency": 1000})
        made[1].disable()
        self.assertTrue(self.client.reset())
        for proxy in self.client.proxies().values():
            self.assertTrue(proxy.enabled)
            self.assertEqual({}, proxy.toxics())

    def test_errors(self):
        proxy = self.create()
        with self.assertRaises(ProxyExists):
            self.create()
        with self.assertRaises(InvalidToxic):
            proxy.add_toxic(type="no_such")
        with self.assertRaises(InvalidToxic):
            proxy.add_toxic(type="latency", stream="sideways")
        proxy.add_toxic(type="latency")
        with self.assertRaises(ProxyExists):
            proxy.add_toxic(type="latency")
        with self.assertRaises(NotFound):
            proxy.destroy_toxic("none")
        proxy.destroy()
        with self.assertRaises(NotFound):
            proxy.destroy()


if __name__ == "__main__":
    unittest.main()
