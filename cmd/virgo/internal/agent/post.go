package agent

import (
	"bytes"
	"encoding/json"
	"strconv"
	"time"

	"virgo/spool"
)

// The fields that a result gets on its way out, in front of its own.
const (
	postID    = `{"result_id":`
	postOrder = `,"order":`
	postLate  = `,"late":true,"age_ms":`
	// postRoom is what they take besides the id: quotes, two numbers, a comma.
	postRoom = len(postID) + len(postOrder) + len(postLate) + 2 + 2*20 + 1
)

// post gives a result as check_metrics.post sends it at now: with the id that makes a second copy of it known as
// one, with its place in the order of what this spool ever took, and, where a period of its check or more went by since
// it was made, with its age. A clock that was set back makes nothing late.
func post(r spool.Record, now time.Time) []byte {
	b := make([]byte, 0, postRoom+len(r.ID)+len(r.Data))
	b = appendJSONText(append(b, postID...), r.ID)
	if r.Order > 0 {
		b = strconv.AppendUint(append(b, postOrder...), r.Order, 10)
	}
	if period := periodMS(r.Data); period > 0 {
		if age := now.UnixMilli() - r.Made.UnixMilli(); age > period {
			b = strconv.AppendInt(append(b, postLate...), min(age, maxAgeMS), 10)
		}
	}
	return append(append(b, ','), r.Data[1:]...)
}

// periodMS finds a result's period in its JSON, as collect.Result.AppendJSON writes it; 0 where there is none. No
// text of the result can be taken for it: within a string every quote has a backslash before it.
func periodMS(object []byte) int64 {
	const key = `,"min_check_period":`
	at := bytes.Index(object, []byte(key))
	if at < 0 {
		return 0
	}
	ms := int64(0)
	for _, c := range object[at+len(key):] {
		if c < '0' || c > '9' || ms > maxPeriodMS {
			break
		}
		ms = ms*10 + int64(c-'0')
	}
	return ms
}

const (
	// maxPeriodMS is where a period ceases to be read: nothing is later than that.
	maxPeriodMS = 1 << 50
	// maxAgeMS is the time between the first and the last moment that a calendar of four digits tells: a
	// reader may refuse more.
	maxAgeMS = 315_537_897_599_999
)

// appendJSONText is for ids: nearly all are as they are written.
func appendJSONText(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' || c >= 0x7f {
			quoted, _ := json.Marshal(s) // a string always encodes
			return append(b, quoted...)
		}
	}
	return append(append(append(b, '"'), s...), '"')
}
