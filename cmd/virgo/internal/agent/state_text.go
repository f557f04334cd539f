package agent

import (
	"slices"
	"strconv"
	"strings"
)

// What is remembered is kept as lines of a key, a blank and a value, because every run reads it: no
// reflection, and a line that is not known (a newer version's) is passed over. Texts are quoted as in Go.

// lines builds such a text; zero values are left out.
type lines []byte

func (l *lines) number(key string, n int64) {
	if n != 0 {
		*l = append(strconv.AppendInt(append(append(*l, key...), ' '), n, 10), '\n')
	}
}

func (l *lines) text(key, s string) {
	if s != "" {
		*l = append(strconv.AppendQuote(append(append(*l, key...), ' '), s), '\n')
	}
}

// eachLine hands out the lines' keys and values; number is 0 where a value is none.
func eachLine(b []byte, fn func(key, value string, number int64)) {
	for line := range strings.Lines(string(b)) {
		key, value, ok := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		if !ok {
			continue
		}
		number, err := strconv.ParseInt(value, 10, 64)
		if err != nil {
			number = 0
		}
		fn(key, value, number)
	}
}

// unquote gives a text; what is damaged is empty.
func unquote(s string) string {
	s, err := strconv.Unquote(s)
	if err != nil {
		return ""
	}
	return s
}

func (r RunState) append(b []byte) []byte {
	l := lines(b)
	l.number("started_ms", r.StartedMS)
	l.number("took_ms", r.TookMS)
	l.number("checks", int64(r.Checks))
	l.number("unavailable", int64(r.Unavailable))
	l.number("peak_bytes", r.PeakBytes)
	if r.Dropping {
		l.number("dropping", 1)
	}
	return l
}

func parseRun(b []byte) (r RunState) {
	eachLine(b, func(key, _ string, n int64) {
		switch key {
		case "started_ms":
			r.StartedMS = n
		case "took_ms":
			r.TookMS = n
		case "checks":
			r.Checks = int(n)
		case "unavailable":
			r.Unavailable = int(n)
		case "peak_bytes":
			r.PeakBytes = n
		case "dropping":
			r.Dropping = n != 0
		}
	})
	return r
}

func (l LinkState) append(b []byte) []byte {
	t := lines(b)
	t.number("last_ms", l.LastMS)
	t.number("took_ms", l.TookMS)
	t.text("endpoint", l.Endpoint)
	t.number("ticket_ms", l.TicketMS)
	if l.Resumed {
		t.number("tls_resumed", 1)
	}
	if l.OffsetMS != nil {
		t = append(strconv.AppendInt(append(t, "offset_ms "...), *l.OffsetMS, 10), '\n')
	}
	t.number("failing_since_ms", l.FailingSinceMS)
	t.text("error", l.Error)
	t.text("told", l.Told)
	t.number("held_since_ms", l.Hold.SinceMS)
	t.number("held_until_ms", l.Hold.UntilMS)
	t.text("held_for", string(l.Hold.Reason))
	t.number("held_times", int64(l.Hold.Times))
	t.number("held_by", int64(l.Hold.By))
	t.number("loss_refused_ms", l.LossRefusedMS)
	t.text("loss_refused_by", l.LossRefusedBy)
	t.number("asked_tests", l.Asked.Tests)
	t.number("asked_targets", l.Asked.Targets)
	t.number("asked_host_infos", l.Asked.HostInfos)
	t.number("asked_refused", l.Asked.Refused)
	for _, endpoint := range sortedKeys(l.Features) {
		// The endpoint's name, then its features: names of the protocol, with no blank in them.
		t.text("features", endpoint+" "+strings.Join(l.Features[endpoint], " "))
	}
	return t
}

func parseLink(b []byte) (l LinkState) {
	eachLine(b, func(key, value string, n int64) {
		switch key {
		case "last_ms":
			l.LastMS = n
		case "took_ms":
			l.TookMS = n
		case "endpoint":
			l.Endpoint = unquote(value)
		case "ticket_ms":
			l.TicketMS = n
		case "tls_resumed":
			l.Resumed = n != 0
		case "offset_ms":
			l.OffsetMS = &n
		case "failing_since_ms":
			l.FailingSinceMS = n
		case "error":
			l.Error = unquote(value)
		case "told":
			l.Told = unquote(value)
		case "held_since_ms":
			l.Hold.SinceMS = n
		case "held_until_ms":
			l.Hold.UntilMS = n
		case "held_for":
			l.Hold.Reason = Reason(unquote(value))
		case "held_times":
			l.Hold.Times = int(min(max(n, 0), maxHoldTimes))
		case "held_by":
			l.Hold.By = uint32(n)
		case "loss_refused_ms":
			l.LossRefusedMS = n
		case "loss_refused_by":
			l.LossRefusedBy = unquote(value)
		case "asked_tests":
			l.Asked.Tests = n
		case "asked_targets":
			l.Asked.Targets = n
		case "asked_host_infos":
			l.Asked.HostInfos = n
		case "asked_refused":
			l.Asked.Refused = n
		case "features":
			words := strings.Split(unquote(value), " ")
			l.setFeatures(words[0], slices.DeleteFunc(words[1:], func(w string) bool { return w == "" }))
		}
	})
	return l
}

func sortedKeys(m map[string][]string) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
