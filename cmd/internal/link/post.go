package link

import (
	"bytes"
	"strconv"
	"time"

	"virgo/schedule/shorttext"
	"virgo/spool"
)

// The fields that precede a result's own fields when it is sent.
const (
	postID    = `{"result_id":`
	postOrder = `,"order":`
	postLate  = `,"late":true,"age_ms":`
	// postSize is an upper bound of their length without the id: quotes, two numbers, a comma.
	postSize = len(postID) + len(postOrder) + len(postLate) + 2 + 2*20 + 1
)

// Post returns the params of check_metrics.post for a result that is sent at now.
func Post(r spool.Record, now time.Time) []byte {
	return AppendPost(make([]byte, 0, PostSize(&r)), &r, now)
}

// PostSize returns an upper bound of the bytes that [AppendPost] appends.
func PostSize(r *spool.Record) int { return postSize + len(r.ID) + len(r.Data) }

// AppendPost appends the params of check_metrics.post for a result that is sent at now. Before the
// result's own fields they contain result_id, by which the endpoint recognizes a second copy;
// order, the result's place among all results that this spool ever stored, unless it is 0; and late
// and age_ms, if more than a period of its check has passed since it was made. A clock that was set
// back makes no result late. r.Data must be a JSON object with at least one field.
func AppendPost(b []byte, r *spool.Record, now time.Time) []byte {
	b = shorttext.AppendJSON(append(b, postID...), r.ID)
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

// periodMS returns the period in a result's JSON as collect.Result.AppendJSON writes it, in ms; 0
// if there is none. No text of the result can be mistaken for the key, because every quotation mark
// within a string is preceded by a backslash.
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
	// maxPeriodMS is the value above which no more digits of a period are read.
	maxPeriodMS = 1 << 50
	// maxAgeMS is the length of 9,999 years, those with four digits: readers may refuse a greater age.
	maxAgeMS = 315_537_897_599_999
)
