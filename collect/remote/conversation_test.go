package remote

import (
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"
)

// TestConversationPauses: a pause within a response ends it, but a server may take longer than that before it
// begins to respond, also after a banner that came in parts.
func TestConversationPauses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, client := net.Pipe()
		ended := make(chan struct{})
		defer func() { client.Close(); <-ended }()
		go func() {
			defer close(ended)
			defer server.Close()
			for _, part := range []struct {
				text  string
				pause time.Duration
			}{
				{"hel", maxPause / 2}, {"lo\r\n", 10 * maxPause},
				{"resp", maxPause / 2}, {"onse", 2 * maxPause},
				{"late", 0},
			} {
				if _, err := io.WriteString(server, part.text); err != nil {
					return
				}
				time.Sleep(part.pause) // synctest's clock
			}
		}()
		c := conversation{conn: client, first: func() {}}
		if line, err := c.line(t.Context(), maxBannerBytes); err != nil || string(line) != "hello" {
			t.Errorf("the banner is %q, %v", line, err)
		}
		never := func([]byte) bool { return false }
		if got, err := c.readUntil(t.Context(), maxBodyMatchBytes, never); err != nil || string(got) != "response" {
			t.Errorf("the response is %q, %v", got, err)
		}
	})
}
