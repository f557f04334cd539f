package peertest

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
)

// Key is the private key of a made-up host, another one for each n.
func Key(n byte) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(slices.Repeat([]byte{n}, ed25519.SeedSize))
}

// Public returns a key's public half as it is on the wire.
func Public(key ed25519.PrivateKey) string {
	return base64.StdEncoding.EncodeToString(key.Public().(ed25519.PublicKey))
}

// Proof signs what PROTOCOL.md says, for this connection. It is written from that text alone, so it does
// not share a mistake with package agentkey.
func (p *Peer) Proof(key ed25519.PrivateKey, agent string, session uint64) string {
	p.t.Helper()
	state := p.Conn.ConnectionState()
	exporter, err := state.ExportKeyingMaterial("EXPORTER-Channel-Binding", []byte{}, 32)
	if err != nil {
		p.t.Fatal(err)
	}
	text := fmt.Sprintf("virgo-hello-1\n%s\n%d\n%s\n", agent, session, hex.EncodeToString(exporter))
	return base64.StdEncoding.EncodeToString(ed25519.Sign(key, []byte(text)))
}

// KeyHello is the params of a hello with a key and a proof for this connection; without a token if that is
// empty.
func (p *Peer) KeyHello(agent, token string, key ed25519.PrivateKey, session uint64) string {
	p.t.Helper()
	return KeyParams(agent, token, Public(key), session, p.Proof(key, agent, session))
}

// KeyParams is the params of a hello with a key and any proof.
func KeyParams(agent, token, key string, session uint64, proof string) string {
	more := ""
	if token != "" {
		more = fmt.Sprintf(`"token":%q,`, token)
	}
	return fmt.Sprintf(`{%s"agent_id":%q,"agent_name":"a test","process_version":"1.0.0","bundle_version":"1.0.0",`+
		`"agent_key":%q,"session":%d,"proof":%q}`, more, agent, key, session, proof)
}

// Denied calls and expects an error of code 401 and this type, whose message it returns.
func (p *Peer) Denied(typ, source, method, params string) string {
	p.t.Helper()
	r := p.Call(source, method, params)
	if r.Error == nil || r.Error.Code != 401 || r.Error.Type != typ {
		p.t.Fatalf("%s: result %s, error %+v; want error 401 of type %q", method, r.Result, r.Error, typ)
	}
	return r.Error.Message
}

// Greeting is what hello's result says about a key.
type Greeting struct {
	Registered  bool   `json:"key_registered"`
	LastSession uint64 `json:"last_session"`
	Problem     string `json:"key_problem"`
}

// Enter opens a session with a key; the agent's id is its source.
func (p *Peer) Enter(agent, token string, key ed25519.PrivateKey, session uint64) Greeting {
	p.t.Helper()
	var g Greeting
	if err := json.Unmarshal([]byte(p.OK(agent, "handshake.hello", p.KeyHello(agent, token, key, session))), &g); err != nil {
		p.t.Fatal(err)
	}
	return g
}
