package transport

import (
	"context"
	"strconv"
	"time"
)

// maxOffset bounds how far an endpoint's clock may be from this host's; a larger offset is ignored.
const maxOffset = 100 * 365 * 24 * time.Hour

// heartbeat writes a heartbeat to the buffer.
func (s *Session) heartbeat(ctx context.Context) error {
	now := s.opt.Now()
	s.params = appendHeartbeat(s.params[:0], now.UnixMilli())
	if err := s.request(MethodHeartbeat, s.params, pending{kind: isHeartbeat, sent: now}); err != nil {
		return s.writeFailed(ctx, err)
	}
	s.lastHeartbeat = time.Now()
	return nil
}

// takeClock computes the clock offset from a heartbeat's answer, assuming that the endpoint read
// its clock halfway between request and answer. An answer without a time changes nothing. The lock
// is held.
func (s *Session) takeClock(sent time.Time, result []byte) {
	now := s.opt.Now()
	if len(result) == 0 || result[0] != '{' {
		return
	}
	scan(result, MaxDepth, false, func(key, value []byte) error {
		if string(key) != `"timestamp"` {
			return nil
		}
		ms, err := strconv.ParseFloat(string(value), 64)
		if err != nil {
			return err
		}
		halfway := sent.Add(now.Sub(sent) / 2)
		offset := ms - float64(halfway.UnixMicro())/1000
		if limit := float64(maxOffset / time.Millisecond); offset < -limit || offset > limit {
			return nil
		}
		s.offset = time.Duration(offset * float64(time.Millisecond)).Round(time.Millisecond)
		s.offsetOK = true
		return nil
	})
}
