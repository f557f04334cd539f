package link

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"virgo/transport"
)

// ErrBackoff is matched by every [BackoffError] (errors.Is).
var ErrBackoff = errors.New("waiting before the next connection to the endpoint")

// A BackoffError is returned when a delivery is not tried because the endpoint recently refused
// this agent. The next try is at Until or later.
type BackoffError struct {
	Reason transport.BackoffReason
	Until  time.Time
}

func (e *BackoffError) Error() string {
	return fmt.Sprintf("%v: %v; the next try is at %s or later",
		ErrBackoff, e.Reason, clockTime(e.Until.UnixMilli()))
}

// Is reports whether target is [ErrBackoff].
func (e *BackoffError) Is(target error) bool { return target == ErrBackoff }

// Hint returns the command that ignores the backoff.
func (e *BackoffError) Hint() string { return "virgo flush tries at once" }

// Blocked returns why a run must not connect to the endpoint now; nil if it may. The token is read
// only during a backoff.
func (c *Config) Blocked(st Status) *BackoffError {
	b := st.Backoff
	if b.UntilMS == 0 {
		return nil
	}
	token, _ := c.Token() // one that cannot be read any more is another: the session reports it
	if !b.Active(c.Now(), c.settingsHash(token)) {
		return nil
	}
	return &BackoffError{b.Reason, time.UnixMilli(b.UntilMS)}
}

// Blocked returns why this session must not be opened now; nil if it may, as every manual session
// may.
func (s *Session) Blocked() *BackoffError {
	if s.Manual {
		return nil
	}
	return s.cfg.Blocked(s.state.Status)
}

// startBackoff starts or extends a backoff if the error requires one, and returns its reason; empty
// if it does not.
func (s *Session) startBackoff(now time.Time, err error, delivered bool) transport.BackoffReason {
	reason := transport.BackoffReasonOf(err)
	if reason == "" {
		return ""
	}
	token, _ := s.cfg.Token() // the session read it already
	s.state.Backoff = s.state.Backoff.Next(transport.Failure{
		At: now, Err: err, Delivered: delivered, Manual: s.Manual, Settings: s.cfg.settingsHash(token),
	}, s.cfg.random)
	s.unsaved = true
	return reason
}

// settingsHash returns a hash of the settings by which an endpoint accepts or refuses this agent,
// so that a change of them ends a backoff. The hash does not reveal them.
func (c *Config) settingsHash(token string) uint32 {
	h := sha256.New()
	for _, s := range []string{
		"virgo hold", c.ID, c.Version, token, strings.Join(c.Endpoints, " "), c.TLS.ClientCert,
	} {
		io.WriteString(h, s)
		h.Write([]byte{0})
	}
	return binary.BigEndian.Uint32(h.Sum(nil))
}
