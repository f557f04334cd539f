package endtoend

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"io"
	"testing"
	"time"

	"virgo/cmd/virgo-endpoint/internal/peertest"
	"virgo/cmd/virgo-endpoint/internal/store"
	"virgo/transport/receipt"
)

// A server stores what agents post while an import runs on the same file.
func TestImportBesideAServer(t *testing.T) {
	const many = 8000
	site := newSite(t)
	addr, _ := site.start(t)
	other := site.store(t)
	left := many
	next := func() ([]store.Record, error) {
		if left == 0 {
			return nil, io.EOF
		}
		var list []store.Record
		for range 500 {
			list = append(list, store.Record{
				ResultID: receipt.ID("a", 1, uint64(left)), Made: time.Now(), Params: []byte(peertest.Metric("", "c")),
			})
			left--
		}
		return list, nil
	}
	key := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)).Public().(ed25519.PublicKey)
	ended := make(chan error, 1)
	go func() {
		_, err := other.Import(context.Background(), store.Bundle{Agent: "a", Key: key}, time.Now(), next)
		ended <- err
	}()
	p := site.dial(t, addr)
	p.Hello("b", site.token)
	for posts := 0; ; posts++ {
		select {
		case err := <-ended:
			if err != nil {
				t.Fatal(err)
			}
			if n := len(site.stored(t)); n != many+posts {
				t.Errorf("%d results are stored, want %d and %d", n, many, posts)
			}
			return
		default:
			p.OK("b", "check_metrics.post", peertest.Metric(fmt.Sprint(posts), "c"))
		}
	}
}
