package fleet

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"time"
)

// Greet opens a session of a host and returns what the endpoint accepts and its schedule's hash.
func (w *Worker) Greet(ctx context.Context, i int) (accepts Accepts, err error) {
	nc, err := w.fleet.dial(ctx, i)
	if err != nil {
		return accepts, err
	}
	defer nc.Close()
	if err := nc.SetDeadline(time.Now().Add(sessionTime)); err != nil {
		return accepts, err
	}
	conn := tls.Client(nc, w.fleet.config)
	if err := conn.HandshakeContext(ctx); err != nil {
		return accepts, err
	}
	w.out, w.pending = w.out[:0], w.pending[:0]
	if err := w.appendHello(i, conn.ConnectionState()); err != nil {
		return accepts, err
	}
	w.begin(i, "check_schedule.get")
	w.out = append(w.out, "{}}\n"...)
	if _, err := conn.Write(w.out); err != nil {
		return accepts, err
	}
	w.in.Reset(conn)
	var hello struct {
		Features []struct{ Name string }
	}
	var schedule struct {
		Hash string `json:"schedule_hash"`
	}
	for _, into := range []any{&hello, &schedule} {
		line, err := next(w.in, w.long)
		if err != nil {
			return accepts, err
		}
		var a answer
		if err := json.Unmarshal(line, &a); err != nil {
			return accepts, err
		}
		if err := json.Unmarshal(a.Result, into); err != nil {
			return accepts, err
		}
	}
	for _, f := range hello.Features {
		accepts.Multi = accepts.Multi || f.Name == "post_multi"
		accepts.LZ4 = accepts.LZ4 || f.Name == "post_multi_lz4"
	}
	accepts.Schedule = schedule.Hash
	return accepts, conn.Close()
}
