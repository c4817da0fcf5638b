// The Node client, as its users use it, against the server at TOXIPROXY.
"use strict";

const assert = require("node:assert/strict");
const net = require("node:net");
const { afterEach, beforeEach, test } = require("node:test");
const { Toxiproxy } = require("toxiproxy-node-client");

const toxics = {
  latency: { latency: 20, jitter: 5 },
  bandwidth: { rate: 1000 },
  slow_close: { delay: 10 },
  timeout: { timeout: 50 },
  reset_peer: { timeout: 10 },
  slicer: { average_size: 64, size_variation: 32, delay: 10 },
  limit_data: { bytes: 100 },
};

const client = new Toxiproxy(`http://${process.env.TOXIPROXY}`);
let server;
let upstream;

async function clear() {
  for (const proxy of Object.values(await client.getAll())) await proxy.remove();
}

beforeEach(async () => {
  await clear();
  server = net.createServer((socket) => {
    socket.on("error", () => {});
    socket.pipe(socket);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  upstream = `127.0.0.1:${server.address().port}`;
});

afterEach(async () => {
  await clear();
  await new Promise((resolve) => server.close(resolve));
});

/** Sends a text through an address and reads as much back; how many milliseconds that took. */
function roundTrip(address, text) {
  const begun = performance.now();
  const [host, port] = address.split(":");
  return new Promise((resolve, reject) => {
    const socket = net.connect(Number(port), host, () => socket.write(text));
    let back = "";
    socket.on("error", reject);
    socket.on("close", () => reject(new Error(`closed after ${JSON.stringify(back)}`)));
    socket.on("data", (data) => {
      back += data;
      if (back.length < text.length) return;
      socket.destroy();
      if (back === text) resolve(performance.now() - begun);
      else reject(new Error(`sent ${text}, got ${back}`));
    });
  });
}

const create = (name, listen = "127.0.0.1:0") => client.createProxy({ name, listen, upstream });

test("the version is told", async () => {
  assert.ok(await client.getVersion());
});

test("a proxy is created, listed, changed and deleted", async () => {
  const proxy = await create("echo");
  await roundTrip(proxy.listen, "hello");
  const all = await client.getAll();
  assert.deepEqual(Object.keys(all), ["echo"]);
  assert.equal(all.echo.upstream, upstream);

  const { listen } = proxy;
  const off = await proxy.update({ enabled: false, listen, upstream });
  assert.equal(off.enabled, false);
  await assert.rejects(roundTrip(listen, "x"), /ECONNREFUSED/);
  await proxy.update({ enabled: true, listen, upstream });
  await roundTrip(listen, "again");

  await proxy.remove();
  await assert.rejects(client.get("echo"), /status code 404/);
});

test("each toxic is added, got, changed and removed", async () => {
  const proxy = await create("echo");
  for (const [type, attributes] of Object.entries(toxics)) {
    for (const stream of ["upstream", "downstream"]) {
      const name = `${type}_${stream}`;
      const added = await proxy.addToxic({ name, type, stream, toxicity: 1, attributes });
      assert.deepEqual(added.toJson(), { name, type, stream, toxicity: 1, attributes });
      const got = await proxy.getToxic(name);
      const seven = Object.fromEntries(Object.keys(attributes).map((key) => [key, 7]));
      const changed = await got.update({ name, type, stream, toxicity: 0.5, attributes: seven });
      assert.deepEqual([changed.toxicity, changed.attributes], [0.5, seven]);
      await changed.remove();
      await assert.rejects(proxy.getToxic(name), /status code 404/);
    }
  }
  await roundTrip(proxy.listen, "clean");
});

test("a latency is felt", async () => {
  const proxy = await create("echo");
  const attributes = { latency: 200, jitter: 0 };
  await proxy.addToxic({ name: "slow", type: "latency", stream: "upstream", toxicity: 1, attributes });
  assert.ok((await roundTrip(proxy.listen, "hello")) >= 199);
});

test("populate and reset", async () => {
  const made = await client.populate([
    { name: "one", listen: "127.0.0.1:0", upstream },
    { name: "two", listen: "127.0.0.1:0", upstream, enabled: false },
  ]);
  assert.deepEqual(Object.keys(made).sort(), ["one", "two"]);
  assert.equal(made.two.enabled, false);
  const attributes = { latency: 1000, jitter: 0 };
  await made.one.addToxic({ name: "slow", type: "latency", stream: "downstream", toxicity: 1, attributes });
  await client.reset();
  for (const proxy of Object.values(await client.getAll())) {
    assert.equal(proxy.enabled, true);
    await assert.rejects(proxy.getToxic("slow"), /status code 404/);
  }
});

test("errors are told", async () => {
  const proxy = await create("echo");
  const toxic = (fields) =>
    proxy.addToxic({ name: "t", type: "latency", stream: "downstream", toxicity: 1, attributes: {}, ...fields });
  await assert.rejects(create("echo"), /status code 409/);
  await assert.rejects(create(""), /status code 400/);
  await assert.rejects(create("taken", proxy.listen), /status code 500/);
  await assert.rejects(toxic({ type: "no_such" }), /status code 400/);
  await assert.rejects(toxic({ stream: "sideways" }), /status code 400/);
  await toxic({});
  await assert.rejects(toxic({}), /status code 409/);
  await proxy.remove();
  await assert.rejects(proxy.remove(), /status code 404/);
});
