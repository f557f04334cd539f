package worker

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"virgo/collect"
	"virgo/schedule"
)

// protocol is the number of the talk's form. Two programs that differ in it do not fit together.
const protocol = 1

// MaxLineBytes bounds one line of the talk: a report of as many metrics as a result may hold, or an answer of
// host information.
const MaxLineBytes = 8 << 20

// Settings are what the agent's owner set and the checks in the other process need.
type Settings struct {
	// Proxy is the URL of the proxy; it may hold a password. Empty: none.
	Proxy string `json:"proxy,omitempty"`
	// NoProxy are the hosts that are reached without, as in NO_PROXY.
	NoProxy string `json:"no_proxy,omitempty"`
}

// A greeting is the first line each way.
type greeting struct {
	Protocol int    `json:"protocol"`
	Version  string `json:"version"`
	// Settings stand in the agent's only.
	Settings *Settings `json:"settings,omitempty"`
}

// A request is one line to the worker: a check to run, a question about the host, or the end of one of them.
type request struct {
	ID       uint64          `json:"id"`
	Check    json.RawMessage `json:"check,omitempty"`
	Timeout  int64           `json:"timeout_ms,omitempty"`
	Previous []byte          `json:"previous,omitempty"`
	HostInfo string          `json:"host_info,omitempty"`
	Cancel   bool            `json:"cancel,omitempty"`
}

// appendLine writes the request down. It does so without reflection, which would double the stack of each of the
// goroutines that wait for an answer, a hundred of them in a run with a hundred such checks.
func (r *request) appendLine(b []byte) []byte {
	b = strconv.AppendUint(append(b, `{"id":`...), r.ID, 10)
	if len(r.Check) > 0 {
		b = append(append(b, `,"check":`...), r.Check...)
	}
	if r.Timeout != 0 {
		b = strconv.AppendInt(append(b, `,"timeout_ms":`...), r.Timeout, 10)
	}
	if len(r.Previous) > 0 {
		b = append(base64.StdEncoding.AppendEncode(append(b, `,"previous":"`...), r.Previous), '"')
	}
	if r.HostInfo != "" {
		b = append(b, `,"host_info":`...)
		b = strconv.AppendQuoteToASCII(b, r.HostInfo) // a name of the catalog: letters, digits, underscores
	}
	if r.Cancel {
		b = append(b, `,"cancel":true`...)
	}
	return append(b, "}\n"...)
}

// An answer is one line from the worker.
type answer struct {
	ID     uint64  `json:"id"`
	Report *report `json:"report,omitempty"`
	// Error is the check's, or says why there is no answer.
	Error string `json:"error,omitempty"`
	// Ended says that the check's time was up, or that it was cancelled.
	Ended    bool            `json:"ended,omitempty"`
	HostInfo json.RawMessage `json:"host_info,omitempty"`
}

// A report is a collect.Report on its way.
type report struct {
	Unavailable bool             `json:"unavailable,omitempty"`
	Status      string           `json:"status,omitempty"`
	Metrics     []collect.Metric `json:"metrics,omitempty"`
	TimeMS      int64            `json:"time_ms,omitempty"`
	Sample      []byte           `json:"sample,omitempty"`
}

func pack(r collect.Report) *report {
	p := &report{Unavailable: r.Unavailable, Status: r.Status, Metrics: r.Metrics, Sample: r.Sample}
	if !r.Time.IsZero() {
		p.TimeMS = r.Time.UnixMilli()
	}
	return p
}

func (r *report) unpack() collect.Report {
	if r == nil {
		return collect.Report{}
	}
	out := collect.Report{Unavailable: r.Unavailable, Status: r.Status, Metrics: r.Metrics, Sample: r.Sample}
	if r.TimeMS != 0 {
		out.Time = time.UnixMilli(r.TimeMS)
	}
	return out
}

// checkRequest writes a check down. Its time limit goes beside it, because a schedule's are whole seconds.
func checkRequest(id uint64, req collect.Request, limit time.Duration) (request, error) {
	c := req.Check
	c.Timeout = schedule.DefaultTimeout
	b, err := c.MarshalJSON()
	if err != nil {
		return request{}, fmt.Errorf("writing the check down: %w", err)
	}
	return request{ID: id, Check: b, Timeout: max(1, limit.Milliseconds()), Previous: req.Previous}, nil
}

// errLongLine is returned when the other side wrote a line of more than MaxLineBytes.
var errLongLine = errors.New("a line is too long")

// readLine reads one line, without its end, into v. io.EOF: the other side is done.
func readLine(r *bufio.Reader, v any) error {
	var line []byte
	for {
		part, err := r.ReadSlice('\n')
		if len(line)+len(part) > MaxLineBytes {
			return fmt.Errorf("%w: more than %d bytes", errLongLine, MaxLineBytes)
		}
		if err == nil && line == nil {
			return decode(part, v)
		}
		line = append(line, part...)
		switch {
		case err == nil:
			return decode(line, v)
		case errors.Is(err, bufio.ErrBufferFull):
		case errors.Is(err, io.EOF) && len(line) > 0:
			return io.ErrUnexpectedEOF
		default:
			return err
		}
	}
}

func decode(line []byte, v any) error {
	if err := json.Unmarshal(line, v); err != nil {
		return fmt.Errorf("a line that is none of this talk: %w", err)
	}
	return nil
}

func writeLine(w io.Writer, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	if len(b) > MaxLineBytes {
		return fmt.Errorf("%w: %d bytes, at most %d", errLongLine, len(b), MaxLineBytes)
	}
	_, err = w.Write(append(b, '\n'))
	return err
}
