package notify

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

const (
	heartbeatTimeout = 10 * time.Second
	maxAnswerBytes   = 4 << 10
)

// beat asks for a URL again and again while the endpoint works, so that whoever is at the other end can tell when it
// does not.
func (n *Notifier) beat(ctx context.Context, h HeartbeatConfig) {
	ticker := time.NewTicker(h.Every)
	defer ticker.Stop()
	failing := false
	for {
		err := n.heartbeat(ctx, h)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil && !failing:
			n.log.Warn("no heartbeat is sent", "error", err)
		case err == nil && failing:
			n.log.Info("heartbeats are sent again")
		}
		failing = err != nil
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

func (n *Notifier) heartbeat(ctx context.Context, h HeartbeatConfig) error {
	if n.healthy != nil {
		if err := n.healthy(); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, heartbeatTimeout)
	defer cancel()
	u, err := url.Parse(h.URL.Reveal())
	if err != nil {
		return fmt.Errorf("the heartbeat's URL is invalid")
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return fmt.Errorf("the heartbeat's URL is invalid")
	}
	answer, err := n.http.Do(req)
	if err != nil {
		return fmt.Errorf("asking %s: %w", u.Hostname(), SafeError(err))
	}
	defer answer.Body.Close()
	io.Copy(io.Discard, io.LimitReader(answer.Body, maxAnswerBytes))
	if answer.StatusCode >= 300 {
		return fmt.Errorf("asking %s: status %d", u.Hostname(), answer.StatusCode)
	}
	return nil
}
