package fleet

import (
	"bytes"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
)

// Limits of the protocol that attackers exceed.
const (
	helloBytes = 128 << 10 // of a frame before hello
	frameBytes = 4 << 20   // of a frame, and of a list when it is expanded
	depth      = 64        // of nested lists
)

const codeBadRequest = 400

// largeHello sends a hello that is too large.
func (a *attacker) largeHello(nc net.Conn) verdict {
	conn := a.tls(nc)
	if conn == nil {
		return early
	}
	return a.endless(conn, a.Enrolled.NewWorker(), `{"v":"1","id":0,"source":"x","target":"endpoint","method":"handshake.hello","params":{"agent_id":"`, helloBytes)
}

// largeFrame sends a post that is too large.
func (a *attacker) largeFrame(nc net.Conn) verdict {
	conn, w := a.enter(nc)
	if conn == nil {
		return early
	}
	w.out = w.out[:0]
	w.begin(a.n%a.Enrolled.Len(), "check_metrics.post")
	return a.endless(conn, w, string(w.out)+`{"status":"`, frameBytes)
}

// endless sends a frame with more bytes than a limit. It has to be cut off, without an answer.
func (a *attacker) endless(conn *tls.Conn, w *Worker, head string, limit int) verdict {
	if _, err := conn.Write([]byte(head)); err != nil {
		return early
	}
	padding := bytes.Repeat([]byte("x"), 16<<10)
	for n := 0; n <= 2*limit; n += len(padding) {
		if _, err := conn.Write(padding); err != nil {
			return whyCut(err, n, limit)
		}
	}
	conn.Write([]byte("\"}}\n"))
	w.in.Reset(conn)
	_, err := next(w.in, w.long)
	if err == nil {
		return allowed
	}
	return whyCut(err, limit, limit)
}

// whyCut is the verdict on a connection that the endpoint closed after bytes of a frame.
func whyCut(err error, bytes, limit int) verdict {
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return allowed
	case bytes < limit:
		return early
	}
	return expected
}

// enter opens a session of an enrolled host; nil if there is none.
func (a *attacker) enter(nc net.Conn) (*tls.Conn, *Worker) {
	conn := a.tls(nc)
	if conn == nil {
		return nil, nil
	}
	w := a.Enrolled.NewWorker()
	if w.appendHello(a.n%a.Enrolled.Len(), conn.ConnectionState()) != nil {
		return nil, nil
	}
	if _, err := conn.Write(w.out); err != nil {
		return nil, nil
	}
	w.in.Reset(conn)
	if _, err := next(w.in, nil); err != nil {
		return nil, nil
	}
	return conn, w
}

// lies sends lists that are not as long as they say.
func (a *attacker) lies(nc net.Conn) verdict {
	conn, w := a.enter(nc)
	if conn == nil {
		return early
	}
	i := a.n % a.Enrolled.Len()
	list := w.appendResult([]byte{'['}, i, 0, 1, w.fleet.now(), 0)
	list = append(list, ']')
	bomb := bytes.Repeat([]byte{' '}, frameBytes+len(list))
	copy(bomb, list)
	w.out = w.out[:0]
	frames := 0
	for _, lie := range []struct {
		list []byte
		says []int
	}{
		{list, []int{len(list) - 1, len(list) + 1, 1, frameBytes, len(bomb)}},
		{bomb, []int{len(list), frameBytes, len(bomb)}},
	} {
		w.small = w.fleet.Compress(w.small[:0], lie.list)
		for _, says := range lie.says {
			w.appendPacked(i, says)
			frames++
		}
	}
	return a.refused(conn, w, frames)
}

// appendPacked appends a post of the list that was compressed last, which says how long it is.
func (w *Worker) appendPacked(i, says int) {
	w.begin(i, "check_metrics.post_multi")
	w.out = base64.StdEncoding.AppendEncode(append(w.out, `{"results_lz4":"`...), w.small)
	w.out = append(strconv.AppendInt(append(w.out, `","raw_bytes":`...), int64(says), 10), "}}\n"...)
	w.pending = append(w.pending, 0)
}

// refused sends frames and expects that each is refused, so that the session goes on.
func (a *attacker) refused(conn *tls.Conn, w *Worker, frames int) verdict {
	if _, err := conn.Write(w.out); err != nil {
		return early
	}
	for range frames {
		_, err := next(w.in, nil)
		var said *answeredError
		switch {
		case err == nil:
			return allowed
		case !errors.As(err, &said) || said.code != codeBadRequest:
			return early
		}
	}
	return expected
}

// nested sends lists that are nested too deep: one compressed, which is refused, and one that is not, which ends
// the connection.
func (a *attacker) nested(nc net.Conn) verdict {
	conn, w := a.enter(nc)
	if conn == nil {
		return early
	}
	i := a.n % a.Enrolled.Len()
	deep := fmt.Appendf(nil, `[{"check_id":"x","metrics":%s%s}]`, strings.Repeat("[", 2*depth), strings.Repeat("]", 2*depth))
	w.out = w.out[:0]
	w.small = w.fleet.Compress(w.small[:0], deep)
	w.appendPacked(i, len(deep))
	if v := a.refused(conn, w, 1); v != expected {
		return v
	}
	w.out = w.out[:0]
	w.begin(i, "check_metrics.post_multi")
	w.out = append(append(append(w.out, `{"results":`...), deep...), "}}\n"...)
	if _, err := conn.Write(w.out); err != nil {
		return early
	}
	if _, err := next(w.in, nil); err == nil {
		return allowed
	}
	return expected
}
