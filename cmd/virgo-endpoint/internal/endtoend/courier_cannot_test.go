package endtoend

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
	"time"

	"virgo/cmd/virgo-endpoint/internal/peertest"
	"virgo/spool/bundle"
)

// The tests of this file are attacks by a host that brings the bundles of another one: it is enrolled, and
// has all bytes of the bundle in its hands.

// blocks splits a bundle: its beginning with the header, the blocks of results, and the end.
func blocks(plain []byte) (list [][]byte) {
	const prefix = 16 + 4
	from := 0
	for at := prefix; at < len(plain); {
		at += 5 + int(binary.BigEndian.Uint32(plain[at+1:])) + 64
		list = append(list, plain[from:at])
		from = at
	}
	return list
}

// a's bundle with some blocks, and the attack: a courier with everything that a token gives.
func attacked(t *testing.T, results int) (s *site, addr string, c *courier, list [][]byte) {
	t.Helper()
	s, addr = enrolled(t)
	c = s.courier(t, addr, "", 2)
	list = blocks(sealedBy(t, peertest.Key(1), "a", c.id, results))
	if len(list) < 5 {
		t.Fatalf("the bundle has %d blocks", len(list))
	}
	return s, addr, c, list
}

// wantBundle brings the bundle as it is, after an attack on it, and expects each result once.
func (c *courier) wantBundle(s *site, list [][]byte, results int) {
	c.t.Helper()
	if at := c.bring(bytes.Join(list, nil), 1<<20); at.Results != int64(results) {
		c.t.Errorf("after the attack: %+v", at)
	}
	s.wantOnlyOwn(c.t)
	// a's first result was there before the bundle, and one is of b.
	if n := len(s.stored(c.t)); n != results+1 {
		c.t.Errorf("%d results are stored, want %d", n, results+1)
	}
}

// A courier seals results of its own with its own key, under the host's id: as the header's key, or in
// blocks after the host's header.
func TestCourierCannotForgeResults(t *testing.T) {
	s, _, c, list := attacked(t, 3000)
	for name, key := range map[string]byte{"the courier's": 2, "a fresh one": 9} {
		id := bundle.NewID()
		forged := sealedBy(t, peertest.Key(key), "a", id, 10)
		if text := c.refused("bundleOtherKey", "a", id, 0, forged); !strings.Contains(text, "--accept-key") {
			t.Errorf("%s: %s", name, text)
		}
		c.Refused(400, "b", "results.receipt", fmt.Sprintf(`{"agent_id":"a","bundle":%q,"ranges":["0000000000000001-0-ff"]}`, id))
	}
	own := blocks(sealedBy(t, peertest.Key(2), "a", c.id, 3000))
	c.refused("bundleChanged", "a", c.id, 0, append(bytes.Clone(list[0]), own[1]...))
	// Its own bundle, and that of a host that nobody knows, are not a's.
	id := bundle.NewID()
	b := sealedBy(t, peertest.Key(2), "b", id, 5)
	c.refused("bundleChanged", "a", id, 0, b)
	c.OK("b", "bundle.post", bundleParams("b", id, 0, b))
	id = bundle.NewID()
	text := c.refused("bundleNoKey", "stranger", id, 0, sealedBy(t, peertest.Key(9), "stranger", id, 5))
	if !strings.Contains(text, "virgo-endpoint agents add stranger --key "+peertest.Public(peertest.Key(9))) {
		t.Error(text)
	}
	if i := s.identity(t, "stranger"); i.AgentID != "" {
		t.Errorf("a bundle that was refused made an agent: %+v", i)
	}
	// In its own session it may still call nothing a's.
	c.OK("b", "check_metrics.post", peertest.Metric("b/forged", "c"))
	c.bring(bytes.Join(list, nil), 1<<20)
	s.wantOnlyOwn(t)
}

// Any change of the host's bytes is found with the seal of its block: nothing of that block is stored, and
// the bundle goes on where it was good.
func TestCourierCannotChangeABundle(t *testing.T) {
	const results = 3000
	for name, change := range map[string]func(list [][]byte) [][]byte{
		"a changed byte": func(l [][]byte) [][]byte {
			block := bytes.Clone(l[2])
			block[len(block)/2] ^= 1
			return [][]byte{l[0], l[1], block, l[3]}
		},
		"a block left out": func(l [][]byte) [][]byte { return [][]byte{l[0], l[1], l[3]} },
		"a block repeated": func(l [][]byte) [][]byte { return [][]byte{l[0], l[1], l[1], l[2]} },
		"another order":    func(l [][]byte) [][]byte { return [][]byte{l[0], l[1], l[3], l[2]} },
		"the end too soon": func(l [][]byte) [][]byte { return [][]byte{l[0], l[1], l[len(l)-1]} },
	} {
		t.Run(name, func(t *testing.T) {
			s, _, c, list := attacked(t, results)
			c.refused("bundleChanged", "a", c.id, 0, bytes.Join(change(list), nil))
			good := int64(len(list[0]) + len(list[1]))
			if at := c.post(0, nil); at.Offset != good || at.Complete {
				t.Errorf("it is at %+v, want %d", at, good)
			}
			c.wantBundle(s, list, results)
		})
	}
	t.Run("something after the end", func(t *testing.T) {
		s, _, c, list := attacked(t, results)
		c.refused("bundleChanged", "a", c.id, 0, append(bytes.Join(list, nil), 'x'))
		c.wantBundle(s, list, results)
	})
	t.Run("half a block", func(t *testing.T) { // which is only found with the next piece
		s, _, c, list := attacked(t, results)
		wrong := bytes.Clone(list[1])
		wrong[len(wrong)/4] ^= 1
		at := c.post(0, append(bytes.Clone(list[0]), wrong[:len(wrong)/2]...))
		c.refused("bundleChanged", "a", c.id, at.Offset, wrong[len(wrong)/2:])
		if at := c.post(0, nil); at.Offset != int64(len(list[0])) {
			t.Errorf("it is at %+v", at)
		}
		c.wantBundle(s, list, results)
	})
}

// A receipt deletes results on their host. It names what this courier brought, what was verified, and
// nothing else, not even what the endpoint has from the host itself.
func TestCourierCannotGetAReceiptForWhatWasNotVerified(t *testing.T) {
	s, addr, c, list := attacked(t, 3000)
	ask := func(c *courier, id string) {
		t.Helper()
		c.Refused(400, "b", "results.receipt",
			fmt.Sprintf(`{"agent_id":"a","bundle":%q,"ranges":["0000000000000001-0-ffffff"]}`, id))
	}
	ask(c, c.id)
	ask(c, "")
	at := c.post(0, list[0])
	if got := c.ranges(c.id); got != "[]" {
		t.Errorf("after the header: %s", got)
	}
	at = c.post(at.Offset, append(bytes.Clone(list[1]), list[2][:100]...))
	if got := c.ranges(c.id); got != fmt.Sprintf("[0000000000000001-1-%x]", at.Results) {
		t.Errorf("after %+v: %s", at, got)
	}
	ask(c, bundle.NewID())
	// Another courier has brought nothing.
	other := s.dial(t, addr)
	other.Enter("c", s.enrolToken(t, 1), peertest.Key(3), 1)
	other.Refused(400, "c", "results.receipt",
		fmt.Sprintf(`{"agent_id":"a","bundle":%q,"ranges":["0000000000000001-0-ffffff"]}`, c.id))
}

// Two couriers with the same bundle do not disturb each other, whatever one of them sends.
func TestCourierCannotResumeAnothersBundle(t *testing.T) {
	const results = 3000
	s, addr, c, list := attacked(t, results)
	at := c.post(0, append(bytes.Clone(list[0]), list[1]...))
	other := s.dial(t, addr)
	other.Enter("c", s.enrolToken(t, 1), peertest.Key(3), 1)
	want := `{"offset":0,"results":0,"refused":0,"complete":false}`
	if got := other.OK("c", "bundle.post", bundleParams("a", c.id, at.Offset, bytes.Repeat([]byte("R"), 1000))); got != want {
		t.Errorf("another courier goes on: %s", got)
	}
	// As far as the other one is in its own, other bytes are refused.
	other.OK("c", "bundle.post", bundleParams("a", c.id, 0, list[0]))
	other.Refused(400, "c", "bundle.post", bundleParams("a", c.id, int64(len(list[0])), list[2]))
	if now := c.post(0, nil); now != at {
		t.Errorf("the first courier is at %+v, want %+v", now, at)
	}
	c.wantBundle(s, list, results)
}

// What the endpoint's owner ends is over at once: the courier's access, and that of the bundle's host.
func TestCourierCannotGoOnAfterRevocation(t *testing.T) {
	s, _, c, list := attacked(t, 3000)
	at := c.post(0, append(bytes.Clone(list[0]), list[1]...))
	st := s.store(t)
	if err := st.RevokeAgent(t.Context(), "a", time.Now()); err != nil {
		t.Fatal(err)
	}
	c.refused("bundleRevoked", "a", c.id, at.Offset, list[2])
	if err := st.RevokeAgent(t.Context(), "b", time.Now()); err != nil {
		t.Fatal(err)
	}
	c.Denied("revoked", "b", "bundle.post", bundleParams("a", c.id, at.Offset, list[2]))
	if n := len(s.stored(t)); n != int(at.Results)+1 {
		t.Errorf("%d results are stored", n)
	}
}
