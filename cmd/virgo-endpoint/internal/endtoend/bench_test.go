package endtoend

import (
	"bufio"
	"fmt"
	"testing"

	"virgo/cmd/virgo-endpoint/internal/peertest"
)

// BenchmarkPosts is one agent that delivers a backlog in a window of 128: each result is acknowledged after
// it was committed and synced.
func BenchmarkPosts(b *testing.B) {
	site := newSite(b)
	addr, _ := site.start(b)
	p := site.dial(b, addr)
	p.Hello("a", site.token)
	w := bufio.NewWriterSize(p.Conn, 16<<10)
	window := make(chan struct{}, 128)
	failed := make(chan error, 1)
	go func() {
		for {
			f, err := p.TryRead()
			if err != nil || f.Error != nil {
				failed <- fmt.Errorf("%+v, %w", f, err)
				return
			}
			<-window
		}
	}()
	b.SetBytes(int64(len(peertest.Metric("a-result-0000000", "c"))))
	for i := 0; b.Loop(); i++ {
		select {
		case window <- struct{}{}:
		default: // full: what is buffered has to go out before an answer can come
			w.Flush()
			select {
			case window <- struct{}{}:
			case err := <-failed:
				b.Fatal(err)
			}
		}
		w.WriteString(peertest.Frame(i, "a", "check_metrics.post",
			peertest.Metric(fmt.Sprintf("a-result-%07d", i), "c")))
	}
	w.Flush()
	for range cap(window) { // until the last answer has come
		window <- struct{}{}
	}
}

// BenchmarkSession is a session of one result, TLS included, with a key and a proof that is verified, and with a token alone.
func BenchmarkSession(b *testing.B) {
	for _, keyed := range []bool{true, false} {
		b.Run(map[bool]string{true: "key", false: "token"}[keyed], func(b *testing.B) {
			s := newSite(b)
			addr, _ := s.start(b)
			enrol := s.enrolToken(b, 1)
			session := uint64(0)
			for b.Loop() {
				session++
				p := s.dial(b, addr)
				if keyed {
					p.Enter("a", enrol, peertest.Key(1), session)
				} else {
					p.Hello("a", s.token)
				}
				p.OK("a", "check_metrics.post", peertest.Metric(fmt.Sprint("r", session), "c"))
				p.Conn.Close()
			}
		})
	}
}
