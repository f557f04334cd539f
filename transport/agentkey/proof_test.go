package agentkey_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/tls"
	"encoding/json"
	"errors"
	"net"
	"strings"
	"testing"

	"virgo/transport/agentkey"
	"virgo/transport/transporttest"
)

// counting returns n bytes that count up from first.
func counting(first byte, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = first + byte(i)
	}
	return b
}

// The examples of PROTOCOL.md are what others implement the proof from.
func TestProtocolProof(t *testing.T) {
	p, err := transporttest.ReadProtocol()
	if err != nil {
		t.Fatal(err)
	}
	exporter := counting(0xa0, agentkey.ExporterBytes)
	if text, err := p.Example("signed"); err != nil || text != string(agentkey.SignedText("web1", 4711, exporter)) {
		t.Errorf("signed: %q, %v", agentkey.SignedText("web1", 4711, exporter), err)
	}
	key := ed25519.NewKeyFromSeed(counting(0, ed25519.SeedSize))
	proof, err := agentkey.Sign(key, "web1", 4711, exporter)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"handshake.hello request, with a key", "handshake.hello request, key confirmed"} {
		text, err := p.Example(name)
		if err != nil {
			t.Fatal(err)
		}
		var f struct {
			Params struct {
				AgentKey string `json:"agent_key"`
				Session  uint64 `json:"session"`
				Proof    string `json:"proof"`
			} `json:"params"`
		}
		if err := json.Unmarshal([]byte(text), &f); err != nil {
			t.Fatal(err)
		}
		if f.Params.AgentKey != agentkey.Encode(key.Public().(ed25519.PublicKey)) || f.Params.Proof != agentkey.EncodeProof(proof) {
			t.Errorf("%s: key and proof are %s, %s", name, agentkey.Encode(key.Public().(ed25519.PublicKey)), agentkey.EncodeProof(proof))
		}
		public, err := agentkey.Parse(f.Params.AgentKey)
		sent, proofErr := agentkey.ParseProof(f.Params.Proof)
		if err := errors.Join(err, proofErr); err != nil || !agentkey.Verify(public, "web1", f.Params.Session, exporter, sent) {
			t.Errorf("%s: not verified, %v", name, err)
		}
	}
	if n := p.Limits["agentkey.MaxSession"]; n != agentkey.MaxSession {
		t.Errorf("MaxSession is %d, the table says %d", int64(agentkey.MaxSession), n)
	}
	if n := p.Limits["agentkey.MaxSessionJump"]; n != agentkey.MaxSessionJump {
		t.Errorf("MaxSessionJump is %d, the table says %d", agentkey.MaxSessionJump, n)
	}
}

// A proof is worth nothing for another agent, another session, another connection or another key.
func TestVerifyRefusesWhatWasNotSigned(t *testing.T) {
	key := ed25519.NewKeyFromSeed(counting(0, ed25519.SeedSize))
	public := key.Public().(ed25519.PublicKey)
	other := ed25519.NewKeyFromSeed(counting(1, ed25519.SeedSize)).Public().(ed25519.PublicKey)
	exporter := counting(0xa0, agentkey.ExporterBytes)
	proof, err := agentkey.Sign(key, "web1", 12, exporter)
	if err != nil || !agentkey.Verify(public, "web1", 12, exporter, proof) {
		t.Fatalf("a valid proof: %v", err)
	}
	for name, accepted := range map[string]bool{
		"another agent":           agentkey.Verify(public, "web2", 12, exporter, proof),
		"another session":         agentkey.Verify(public, "web1", 13, exporter, proof),
		"another connection":      agentkey.Verify(public, "web1", 12, counting(0xa1, agentkey.ExporterBytes), proof),
		"another key":             agentkey.Verify(other, "web1", 12, exporter, proof),
		"no key":                  agentkey.Verify(nil, "web1", 12, exporter, proof),
		"no proof":                agentkey.Verify(public, "web1", 12, exporter, nil),
		"a proof cut short":       agentkey.Verify(public, "web1", 12, exporter, proof[1:]),
		"an exporter cut short":   agentkey.Verify(public, "web1", 12, exporter[1:], proof),
		"lines moved into the id": agentkey.Verify(public, "web1\n12", 12, exporter, proof),
	} {
		if accepted {
			t.Errorf("%s: accepted", name)
		}
	}
	// What the lines would read as one text of another agent is not signed at all.
	for _, c := range []struct {
		id      string
		session uint64
	}{{"web1\n12", 12}, {"", 12}, {"web1", 0}, {"web1", agentkey.MaxSession + 1}} {
		if _, err := agentkey.Sign(key, c.id, c.session, exporter); err == nil {
			t.Errorf("signed for %q, %d", c.id, c.session)
		}
	}
}

// handshake returns both ends' states of a TLS connection.
func handshake(t *testing.T, version uint16) (agent, endpoint tls.ConnectionState) {
	t.Helper()
	authority, err := transporttest.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	cert, err := authority.Issue(transporttest.Certificate{})
	if err != nil {
		t.Fatal(err)
	}
	a, b := net.Pipe()
	defer a.Close()
	defer b.Close()
	server := tls.Server(b, &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12})
	client := tls.Client(a, &tls.Config{InsecureSkipVerify: true, MaxVersion: version})
	done := make(chan error, 1)
	go func() { done <- server.Handshake() }()
	if err := errors.Join(client.Handshake(), <-done); err != nil {
		t.Fatal(err)
	}
	return client.ConnectionState(), server.ConnectionState()
}

// Both ends of a connection compute the same value, and no two connections have the same.
func TestExporterBelongsToOneConnection(t *testing.T) {
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		var values [][]byte
		for range 2 {
			agent, endpoint := handshake(t, version)
			a, err := agentkey.Exporter(agent)
			e, err2 := agentkey.Exporter(endpoint)
			if err := errors.Join(err, err2); err != nil || !bytes.Equal(a, e) || len(a) != agentkey.ExporterBytes {
				t.Fatalf("%s: %x at the agent, %x at the endpoint: %v", tls.VersionName(version), a, e, err)
			}
			values = append(values, a)
		}
		if bytes.Equal(values[0], values[1]) {
			t.Errorf("%s: two connections have the value %x", tls.VersionName(version), values[0])
		}
	}
	if _, err := agentkey.Exporter(tls.ConnectionState{}); !errors.Is(err, agentkey.ErrNoExporter) {
		t.Errorf("a connection without TLS: %v", err)
	}
}

func TestParseAcceptsOneTextForAKey(t *testing.T) {
	key := ed25519.NewKeyFromSeed(counting(0, ed25519.SeedSize)).Public().(ed25519.PublicKey)
	text := agentkey.Encode(key)
	if got, err := agentkey.Parse("  " + text + "\n"); err != nil || !got.Equal(key) {
		t.Errorf("%x, %v", got, err)
	}
	for _, wrong := range []string{
		"", "x", text[:43], text + "=", text + text, strings.ReplaceAll(text, "/", "_"), text[:20] + "\n" + text[20:43],
		text[:42] + "h=", "s3cret-token-that-was-pasted-by-mistake-0001", strings.Repeat("A", 1<<20),
	} {
		if got, err := agentkey.Parse(wrong); err == nil {
			t.Errorf("%.50q is read as %x", wrong, got)
		} else if len(wrong) > 3 && strings.Contains(err.Error(), wrong) {
			t.Errorf("the error repeats the text: %v", err)
		}
	}
	if _, err := agentkey.ParseProof(text); err == nil {
		t.Error("a key is read as a proof")
	}
	if name := agentkey.Fingerprint(key); name != "56475aa75463474c0285df5dbf2bcab7" {
		t.Errorf("fingerprint %s", name)
	}
}

func FuzzParse(f *testing.F) {
	key := ed25519.NewKeyFromSeed(counting(0, ed25519.SeedSize))
	f.Add(agentkey.Encode(key.Public().(ed25519.PublicKey)))
	f.Add(agentkey.EncodeProof(make([]byte, ed25519.SignatureSize)))
	f.Fuzz(func(t *testing.T, text string) {
		if key, err := agentkey.Parse(text); err == nil && agentkey.Encode(key) != strings.TrimSpace(text) {
			t.Errorf("%q and %q are the same key", text, agentkey.Encode(key))
		}
		if proof, err := agentkey.ParseProof(text); err == nil && agentkey.EncodeProof(proof) != text {
			t.Errorf("%q and %q are the same proof", text, agentkey.EncodeProof(proof))
		}
	})
}
