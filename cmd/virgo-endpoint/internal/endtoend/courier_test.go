package endtoend

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"virgo/cmd/virgo-endpoint/internal/peertest"
	"virgo/spool/bundle"
	"virgo/transport/receipt"
)

// sealedBy is a plain bundle of some results of an agent, in blocks of about 256 KiB.
func sealedBy(t testing.TB, key ed25519.PrivateKey, agent, id string, results int) []byte {
	t.Helper()
	rnd := rand.New(rand.NewPCG(1, uint64(results)))
	var buf bytes.Buffer
	w, err := bundle.NewWriter(&buf, bundle.Header{Agent: agent, Name: "far away", ID: id, Created: time.Now()}, key,
		bundle.WriterOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for n := range uint64(results) {
		params := peertest.Metric("", fmt.Sprintf("%x", rnd.Uint64()))
		status := make([]byte, 100) // which does not compress
		for i := range status {
			status[i] = 'a' + byte(rnd.UintN(26))
		}
		params = string(bytes.Replace([]byte(params), []byte("success"), status, 1))
		err := w.Add(bundle.Record{Order: n + 1, ID: receipt.ID(agent, 1, n+1), Made: time.Now(), Data: []byte(params)})
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// bundleParams is the params of bundle.post.
func bundleParams(agent, id string, offset int64, block []byte) string {
	text, err := json.Marshal(map[string]any{"agent_id": agent, "bundle": id, "offset": offset, "block": block})
	if err != nil {
		panic(err)
	}
	return string(text)
}

// A position is the result of bundle.post.
type position struct {
	Offset, Results, Refused int64
	Complete                 bool
}

// A courier brings bundles of agent a in the session of agent b.
type courier struct {
	*peertest.Peer
	t  testing.TB
	id string
}

func (s *site) courier(t testing.TB, addr, token string, session uint64) *courier {
	t.Helper()
	p := s.dial(t, addr)
	p.Enter("b", token, peertest.Key(2), session)
	return &courier{p, t, bundle.NewID()}
}

func (c *courier) post(offset int64, block []byte) (at position) {
	c.t.Helper()
	text := c.OK("b", "bundle.post", bundleParams("a", c.id, offset, block))
	if err := json.Unmarshal([]byte(text), &at); err != nil {
		c.t.Fatal(err)
	}
	return at
}

// refused posts and expects an error of code 400 and this type, after which the session goes on.
func (c *courier) refused(typ, agent, id string, offset int64, block []byte) string {
	c.t.Helper()
	r := c.Call("b", "bundle.post", bundleParams(agent, id, offset, block))
	if r.Error == nil || r.Error.Code != 400 || r.Error.Type != typ {
		c.t.Fatalf("result %s, error %+v; want error 400 of type %q", r.Result, r.Error, typ)
	}
	c.OK("b", "heartbeat.post", `{"timestamp":1}`)
	return r.Error.Message
}

// bring posts all of a bundle from where the endpoint wants it.
func (c *courier) bring(plain []byte, size int64) position {
	c.t.Helper()
	at := c.post(0, nil)
	for !at.Complete {
		next := c.post(at.Offset, plain[at.Offset:min(at.Offset+size, int64(len(plain)))])
		if next.Offset <= at.Offset {
			c.t.Fatalf("it stays at %+v", next)
		}
		at = next
	}
	return at
}

// ranges returns what a receipt for the whole bundle names.
func (c *courier) ranges(id string) string {
	c.t.Helper()
	doc := c.OK("b", "results.receipt", fmt.Sprintf(`{"agent_id":"a","bundle":%q,"ranges":["0000000000000001-0-ffffff"]}`, id))
	r, err := receipt.Read([]byte(doc))
	if err != nil {
		c.t.Fatal(err)
	}
	return fmt.Sprint(r.Ranges)
}

// A courier brings a bundle in pieces of any size, in any number of connections.
func TestCourierBringsABundle(t *testing.T) {
	const results = 5000
	s, addr := enrolled(t)
	c := s.courier(t, addr, "", 2)
	plain := sealedBy(t, peertest.Key(1), "a", c.id, results)
	at := c.post(0, plain[:bundle.MaxHeaderBytes])
	if at.Offset != int64(bundle.MaxHeaderBytes) || at.Complete {
		t.Fatalf("after the header: %+v", at)
	}
	if again := c.post(0, plain[:bundle.MaxHeaderBytes]); again != at {
		t.Errorf("repeated: %+v, want %+v", again, at)
	}
	if before := c.post(at.Offset+1, plain[:100]); before != at {
		t.Errorf("another offset: %+v, want %+v", before, at)
	}
	id := c.id
	c = s.courier(t, addr, "", 3)
	c.id = id
	if at := c.bring(plain, 300_000); at.Offset != int64(len(plain)) || at.Results != results || at.Refused != 0 {
		t.Errorf("at the end: %+v of %d bytes", at, len(plain))
	}
	if got := c.ranges(id); got != fmt.Sprintf("[0000000000000001-1-%x]", results) {
		t.Errorf("the receipt names %s", got)
	}
	s.wantOnlyOwn(t)
	if n := len(s.stored(t)); n != results+1 { // one result of a was there before, one is of b
		t.Errorf("%d results are stored", n)
	}
}

// The server is killed between a piece and its answer, before or after its commit: the courier goes on from
// the offset that it is then told, and each result is stored once.
func TestCourierOfAKilledServer(t *testing.T) {
	const results = 4000
	for _, point := range []string{beforeCommit, afterCommit} {
		for _, after := range []int{0, 1, 3, 5} {
			t.Run(fmt.Sprintf("%s %d", point, after), func(t *testing.T) {
				s, addr := enrolled(t)
				c := s.courier(t, addr, "", 2) // its hello is stored
				id := c.id
				plain := sealedBy(t, peertest.Key(1), "a", id, results)
				proc := s.run(t, point, after)
				p := s.dial(t, proc.addr)
				_, err := p.Conn.Write([]byte(peertest.Frame(0, "b", "handshake.hello", p.KeyHello("b", "", peertest.Key(2), 3))))
				if err == nil {
					_, err = p.TryRead()
				}
				at := position{}
				for n := 1; err == nil; n++ { // more than the bundle needs: an offset that is old is answered, too
					block := plain[min(at.Offset, int64(len(plain))):min(at.Offset+100_000, int64(len(plain)))]
					if at.Complete { // until it is killed by commits of hellos
						_, err = p.Conn.Write([]byte(peertest.Frame(n, "b", "handshake.hello", p.KeyHello("b", "", peertest.Key(2), 3))))
					} else {
						_, err = p.Conn.Write([]byte(peertest.Frame(n, "b", "bundle.post", bundleParams("a", id, at.Offset, block))))
					}
					if err != nil {
						break
					}
					var r peertest.Reply
					if r, err = p.TryRead(); err == nil && !at.Complete {
						if r.Error != nil {
							t.Fatalf("%+v", r.Error)
						}
						err = json.Unmarshal(r.Result, &at)
					}
				}
				proc.wait(t)
				stored := len(s.stored(t)) - 1 // one is of b
				if stored < int(at.Results) {
					t.Errorf("%d results are stored, and %d were acknowledged", stored, at.Results)
				}
				c = s.courier(t, addr, "", 4)
				c.id = id
				if now := c.post(0, nil); now.Offset < at.Offset {
					t.Errorf("%+v was acknowledged, and it is at %+v", at, now)
				}
				if at := c.bring(plain, 300_000); at.Results != results {
					t.Errorf("at the end: %+v", at)
				}
				s.wantOnlyOwn(t)
				if n := len(s.stored(t)); n != results+1 {
					t.Errorf("%d results are stored", n)
				}
				if got := c.ranges(id); got != fmt.Sprintf("[0000000000000001-1-%x]", results) {
					t.Errorf("the receipt names %s", got)
				}
			})
		}
	}
}
