package transport_test

import (
	"errors"
	"testing"
	"time"

	"virgo/transport"
	"virgo/transport/transporttest"
)

// The params of hello, byte for byte.
func TestHelloParams(t *testing.T) {
	for _, c := range []struct {
		clock     time.Time
		hash      string
		elsewhere bool
		bundle    [3]string // state, name, channel
		said      string
		want      string
	}{
		{time.UnixMilli(1767225600123), "", false, [3]string{}, "", `,"timestamp":1767225600123}`},
		{time.UnixMilli(1767225600123), "", false, [3]string{"back 2.0.0: a \"b\"", "standard", "stable"},
			`"bundle_state":"back 2.0.0: a \"b\"","bundle_name":"standard","bundle_channel":"stable",`, `,"timestamp":1767225600123}`},
		{time.Date(1969, 12, 31, 23, 59, 59, 0, time.UTC), "ab", false, [3]string{"trial"}, `"bundle_state":"trial",`, `,"schedule_hash":"ab","timestamp":-1000}`},
		{time.UnixMilli(1767225600123), "", true, [3]string{}, "", `}`},
	} {
		client, server := transporttest.Link(0, 0)
		id := whoIAm
		id.ScheduleHash, id.Elsewhere = c.hash, c.elsewhere
		id.BundleState, id.BundleName, id.BundleChannel = c.bundle[0], c.bundle[1], c.bundle[2]
		s := transport.Start(t.Context(), client, id, transport.SessionOptions{Now: func() time.Time { return c.clock }})
		over := make(chan error, 1)
		go func() {
			_, err := s.Welcome(t.Context())
			over <- errors.Join(err, s.Close(t.Context()))
		}()
		f, err := transport.NewReader(server).ReadFrame()
		if err != nil {
			t.Fatal(err)
		}
		want := `{"token":"s3cret","agent_id":"agent-1","agent_name":"virgo","process_version":"1.0.0","bundle_version":"1.0.0",` +
			c.said + `"features":[{"name":"pipelining","version":"1"},{"name":"result_id","version":"1"}]` + c.want
		if string(f.Params) != want {
			t.Errorf("hello says\n%s, want\n%s", f.Params, want)
		}
		server.Close()
		if err := <-over; !errors.Is(err, transport.ErrConnectionLost) {
			t.Error(err)
		}
	}
}
