package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"virgo/transport"
	"virgo/transport/transporttest"
)

// What a host says in its first hello and in later ones has the form of the examples.
func TestProtocolHelloWithAKey(t *testing.T) {
	protocol, err := transporttest.ReadProtocol()
	if err != nil {
		t.Fatal(err)
	}
	endpoint, err := transporttest.Listen(transporttest.Script{
		Features: []string{transport.FeaturePipelining, transport.FeatureResultID}, Keys: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer endpoint.Close()
	dir := t.TempDir()
	config := filepath.Join(dir, "virgo.yaml")
	text := fmt.Sprintf("agent_id: web1\nendpoint: %s\npin: %s\ntoken: not-a-token\n", endpoint.Address(), endpoint.Pin())
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"with a key", "key confirmed"} {
		cmd := exec.Command("virgo", "run", "--all", "--strict")
		cmd.Env = append(os.Environ(), "VIRGO_CONFIG="+config, "VIRGO_STATE="+filepath.Join(dir, "state"), "VIRGO_PROXY=none")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		example := protocolExample(t, protocol, "handshake.hello request, "+name)
		like(t, name, string(endpoint.Hello()), string(example.Params))
	}
	if faults := endpoint.Faults(); len(faults) > 0 {
		t.Error(faults)
	}
}
