package fleet

import (
	"crypto/tls"
	"encoding/base64"
	"runtime"
	"strconv"

	"virgo/transport/agentkey"
)

// batchBytes is about how much a frame with a backlog has before compression, as an agent makes it.
const batchBytes = 128 << 10

// begin appends a request up to its params.
func (w *Worker) begin(i int, method string) {
	w.out = strconv.AppendInt(append(w.out, `{"v":"1","id":`...), int64(len(w.pending)), 10)
	w.out = append(w.appendID(append(w.out, `,"source":"`...), i), `","target":"endpoint","method":"`...)
	w.out = append(append(w.out, method...), `","params":`...)
}

func (w *Worker) appendID(b []byte, i int) []byte {
	b = append(b, w.fleet.prefix...)
	for digit := 100_000; digit > 0; digit /= 10 {
		b = append(b, byte('0'+i/digit%10))
	}
	return b
}

// features are what an agent announces.
const features = `[{"name":"pipelining","version":"1"},{"name":"result_id","version":"1"},` +
	`{"name":"schedule_hash","version":"1"},{"name":"agent_key","version":"1"},{"name":"post_multi","version":"1"},` +
	`{"name":"post_multi_lz4","version":"1"}]`

func (w *Worker) appendHello(i int, state tls.ConnectionState) error {
	return w.appendHelloOf(i, &w.fleet.hosts[i], state)
}

// appendHelloOf appends a hello with the id of a host, and what another one may have for the rest.
func (w *Worker) appendHelloOf(i int, h *host, state tls.ConnectionState) error {
	session := uint64(h.sessions.Add(1))
	exporter, err := agentkey.Exporter(state)
	if err != nil {
		return err
	}
	proof, err := agentkey.Sign(h.key, string(w.appendID(nil, i)), session, exporter)
	if err != nil {
		return err
	}
	w.begin(i, "handshake.hello")
	b := append(w.appendID(append(w.out, `{"agent_id":"`...), i),
		`","agent_name":"virgo","process_version":"0.0.0","bundle_version":"0.0.0","features":`...)
	b = append(b, features...)
	if hash := w.fleet.accepts.Schedule; hash != "" {
		b = append(append(append(b, `,"schedule_hash":"`...), hash...), '"')
	}
	b = append(append(b, `,"agent_key":"`...), h.public[:]...)
	b = strconv.AppendUint(append(b, `","session":`...), session, 10)
	b = base64.StdEncoding.AppendEncode(append(b, `,"proof":"`...), proof)
	b = strconv.AppendInt(append(b, `","timestamp":`...), w.fleet.now(), 10)
	w.out, w.pending = append(b, "}}\n"...), append(w.pending, 0)
	return nil
}

// appendRun appends the results of a run: one request if the endpoint accepts many in one.
func (w *Worker) appendRun(i int, run uint64, now int64) {
	n := w.fleet.Results()
	if !w.fleet.accepts.Multi {
		for check := range n {
			w.begin(i, "check_metrics.post")
			w.out = append(w.appendResult(w.out, i, check, run, now, 0), "}\n"...)
			w.pending = append(w.pending, 1)
		}
		return
	}
	w.begin(i, "check_metrics.post_multi")
	w.out = append(w.out, `{"results":`...)
	for check := range n {
		w.out = append(w.out, separator(check))
		w.out = w.appendResult(w.out, i, check, run, now, 0)
	}
	w.out = append(w.out, "]}}\n"...)
	w.pending = append(w.pending, n)
}

// separator is what precedes a result of a list.
func separator(n int) byte {
	if n == 0 {
		return '['
	}
	return ','
}

// appendResult appends the params of a check_metrics.post. A result that is older than its period is late.
func (w *Worker) appendResult(b []byte, i, check int, run uint64, at, age int64) []byte {
	order := (run-1)*uint64(w.fleet.Results()) + uint64(check) + 1
	b = append(w.appendID(append(b, `{"result_id":"`...), i), '/')
	b = appendStart(b, w.fleet.start(i))
	b = strconv.AppendUint(append(b, '-'), order, 16)
	b = strconv.AppendUint(append(b, `","order":`...), order, 10)
	if age > periodMS {
		b = strconv.AppendInt(append(b, `,"late":true,"age_ms":`...), age, 10)
	}
	n := len(b)
	b = w.fleet.template.AppendFields(b, check, uint64(i), run, at)
	b[n] = ',' // in place of the brace
	return b
}

// appendStart appends a number as 16 hexadecimal digits.
func appendStart(b []byte, v uint64) []byte {
	const digits = "0123456789abcdef"
	for shift := 60; shift >= 0; shift -= 4 {
		b = append(b, digits[v>>shift&15])
	}
	return b
}

// appendBacklog appends the results of past runs.
func (w *Worker) appendBacklog(i int, first uint64, p Past) {
	now, step, n := w.fleet.now(), p.Every.Milliseconds(), p.Runs
	w.batch = w.batch[:0]
	results := 0
	for k := range n {
		runtime.Gosched() // hosts with live sessions do not wait for this one
		age := p.Until.Milliseconds() + int64(n-1-k)*step
		for check := range w.fleet.Results() {
			if !w.fleet.accepts.Multi {
				w.begin(i, "check_metrics.post")
				w.out = append(w.appendResult(w.out, i, check, first+uint64(k), now-age, age), "}\n"...)
				w.pending = append(w.pending, 1)
				continue
			}
			w.batch = append(w.batch, separator(results))
			w.batch = w.appendResult(w.batch, i, check, first+uint64(k), now-age, age)
			results++
		}
		if len(w.batch) > batchBytes || results > 0 && k == n-1 {
			w.batch = append(w.batch, ']')
			w.appendBatch(i, results)
			w.batch, results = w.batch[:0], 0
		}
	}
}

// appendBatch appends a request with a list of results, compressed if the endpoint accepts that.
func (w *Worker) appendBatch(i, results int) {
	if !w.fleet.accepts.LZ4 || w.fleet.Compress == nil {
		w.begin(i, "check_metrics.post_multi")
		w.out = append(append(append(w.out, `{"results":`...), w.batch...), "}}\n"...)
	} else {
		w.begin(i, "check_metrics.post_multi")
		w.small = w.fleet.Compress(w.small[:0], w.batch)
		w.out = base64.StdEncoding.AppendEncode(append(w.out, `{"results_lz4":"`...), w.small)
		w.out = strconv.AppendInt(append(w.out, `","raw_bytes":`...), int64(len(w.batch)), 10)
		w.out = append(w.out, "}}\n"...)
	}
	w.pending = append(w.pending, results)
}
