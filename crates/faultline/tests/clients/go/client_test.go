// The Go client, as its users use it, against the server at TOXIPROXY.
package clients

import (
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	toxiproxy "github.com/Shopify/toxiproxy/v2/client"
)

var toxics = []struct {
	kind       string
	attributes toxiproxy.Attributes
}{
	{"latency", toxiproxy.Attributes{"latency": 20, "jitter": 5}},
	{"bandwidth", toxiproxy.Attributes{"rate": 1000}},
	{"slow_close", toxiproxy.Attributes{"delay": 10}},
	{"timeout", toxiproxy.Attributes{"timeout": 50}},
	{"reset_peer", toxiproxy.Attributes{"timeout": 10}},
	{"slicer", toxiproxy.Attributes{"average_size": 64, "size_variation": 32, "delay": 10}},
	{"limit_data", toxiproxy.Attributes{"bytes": 100}},
}

// fresh gives a client of a server without proxies, and leaves it so.
func fresh(t *testing.T) *toxiproxy.Client {
	t.Helper()
	client := toxiproxy.NewClient(os.Getenv("TOXIPROXY"))
	clear := func() {
		proxies, err := client.Proxies()
		must(t, err)
		for _, proxy := range proxies {
			must(t, proxy.Delete())
		}
	}
	clear()
	t.Cleanup(clear)
	return client
}

// echo serves on a port of its own: whatever comes is sent back.
func echo(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer connection.Close()
				_, _ = io.Copy(connection, connection)
			}()
		}
	}()
	return listener.Addr().String()
}

// roundTrip sends a text through an address and reads as much back; how long that took.
func roundTrip(t *testing.T, address, text string) time.Duration {
	t.Helper()
	begun := time.Now()
	connection, err := net.Dial("tcp", address)
	must(t, err)
	defer connection.Close()
	_, err = connection.Write([]byte(text))
	must(t, err)
	back := make([]byte, len(text))
	_, err = io.ReadFull(connection, back)
	must(t, err)
	if string(back) != text {
		t.Fatalf("sent %q, got %q", text, back)
	}
	return time.Since(begun)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func refused(t *testing.T, err error, status int, title string) {
	t.Helper()
	var told *toxiproxy.ApiError
	if !errors.As(err, &told) {
		t.Fatalf("no error of the API: %v", err)
	}
	if told.Status != status || !strings.Contains(told.Message, title) {
		t.Fatalf("got %d %q, wanted %d %q", told.Status, told.Message, status, title)
	}
}

func TestVersion(t *testing.T) {
	version, err := fresh(t).Version()
	must(t, err)
	if !strings.Contains(string(version), `"version"`) {
		t.Fatalf("%s", version)
	}
}

func TestAProxyIsCreatedListedChangedAndDeleted(t *testing.T) {
	client, upstream := fresh(t), echo(t)
	proxy, err := client.CreateProxy("echo", "127.0.0.1:0", upstream)
	must(t, err)
	roundTrip(t, proxy.Listen, "hello")

	proxies, err := client.Proxies()
	must(t, err)
	if len(proxies) != 1 || proxies["echo"].Upstream != upstream || !proxies["echo"].Enabled {
		t.Fatalf("%+v", proxies)
	}

	must(t, proxy.Disable())
	if connection, err := net.Dial("tcp", proxy.Listen); err == nil {
		connection.Close()
		t.Fatal("a disabled proxy takes connections")
	}
	must(t, proxy.Enable())
	roundTrip(t, proxy.Listen, "again")

	proxy.Upstream = echo(t)
	must(t, proxy.Save())
	roundTrip(t, proxy.Listen, "elsewhere")

	must(t, proxy.Delete())
	_, err = client.Proxy("echo")
	refused(t, err, 404, "proxy not found")
}

func TestEachToxicIsAddedListedChangedAndRemoved(t *testing.T) {
	client := fresh(t)
	proxy, err := client.CreateProxy("echo", "127.0.0.1:0", echo(t))
	must(t, err)
	for _, toxic := range toxics {
		for _, stream := range []string{"upstream", "downstream"} {
			added, err := proxy.AddToxic("", toxic.kind, stream, 1, toxic.attributes)
			must(t, err)
			name := toxic.kind + "_" + stream
			if added.Name != name || added.Stream != stream || added.Type != toxic.kind {
				t.Fatalf("%+v", added)
			}
			for key, value := range toxic.attributes {
				if got, _ := added.Attributes[key].(float64); got != float64(value.(int)) {
					t.Fatalf("%s: %s is %v", name, key, added.Attributes[key])
				}
				// One attribute alone: the others stay.
				changed, err := proxy.UpdateToxic(name, 0.5, toxiproxy.Attributes{key: 7})
				must(t, err)
				if changed.Toxicity != 0.5 || changed.Attributes[key].(float64) != 7 {
					t.Fatalf("%+v", changed)
				}
			}
			listed, err := proxy.Toxics()
			must(t, err)
			if len(listed) != 1 || listed[0].Name != name {
				t.Fatalf("%+v", listed)
			}
			must(t, proxy.RemoveToxic(name))
		}
	}
	roundTrip(t, proxy.Listen, "clean")
}

func TestALatencyIsFelt(t *testing.T) {
	client := fresh(t)
	proxy, err := client.CreateProxy("echo", "127.0.0.1:0", echo(t))
	must(t, err)
	_, err = client.AddToxic(&toxiproxy.ToxicOptions{
		ProxyName: "echo", ToxicName: "slow", ToxicType: "latency", Stream: "downstream", Toxicity: 1,
		Attributes: toxiproxy.Attributes{"latency": 200},
	})
	must(t, err)
	if took := roundTrip(t, proxy.Listen, "hello"); took < 200*time.Millisecond {
		t.Fatalf("it took %v", took)
	}
	must(t, client.RemoveToxic(&toxiproxy.ToxicOptions{ProxyName: "echo", ToxicName: "slow"}))
}

func TestPopulateAndReset(t *testing.T) {
	client, upstream := fresh(t), echo(t)
	config := []toxiproxy.Proxy{
		{Name: "one", Listen: "127.0.0.1:0", Upstream: upstream, Enabled: true},
		{Name: "two", Listen: "127.0.0.1:0", Upstream: upstream, Enabled: true},
	}
	made, err := client.Populate(config)
	must(t, err)
	if len(made) != 2 || made[0].Name != "one" {
		t.Fatalf("%+v", made)
	}
	_, err = made[0].AddToxic("slow", "latency", "downstream", 1, toxiproxy.Attributes{"latency": 1000})
	must(t, err)
	two, err := client.Proxy("two")
	must(t, err)
	must(t, two.Disable())
	must(t, client.ResetState())
	proxies, err := client.Proxies()
	must(t, err)
	for name, proxy := range proxies {
		if !proxy.Enabled || len(proxy.ActiveToxics) != 0 {
			t.Fatalf("%s: %+v", name, proxy)
		}
	}
}

func TestErrors(t *testing.T) {
	client, upstream := fresh(t), echo(t)
	proxy, err := client.CreateProxy("echo", "127.0.0.1:0", upstream)
	must(t, err)

	_, err = client.CreateProxy("echo", "127.0.0.1:0", upstream)
	refused(t, err, 409, "proxy already exists")
	_, err = client.CreateProxy("", "127.0.0.1:0", upstream)
	refused(t, err, 400, "missing required field")
	_, err = client.CreateProxy("taken", proxy.Listen, upstream)
	refused(t, err, 500, "address already in use")
	_, err = proxy.AddToxic("t", "no_such", "downstream", 1, nil)
	refused(t, err, 400, "invalid toxic type")
	_, err = proxy.AddToxic("t", "latency", "sideways", 1, nil)
	refused(t, err, 400, "stream was invalid")
	_, err = proxy.AddToxic("t", "latency", "downstream", 1, nil)
	must(t, err)
	_, err = proxy.AddToxic("t", "latency", "downstream", 1, nil)
	refused(t, err, 409, "toxic already exists")
	_, err = proxy.UpdateToxic("none", 1, nil)
	refused(t, err, 404, "toxic not found")
	refused(t, proxy.RemoveToxic("none"), 404, "toxic not found")
	must(t, proxy.Delete())
	refused(t, proxy.Delete(), 404, "proxy not found")
}
