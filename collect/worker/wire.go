package worker

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"virgo/collect"
	"virgo/schedule"
	"virgo/schedule/policy"
)

// protocolVersion is the version of the protocol. Processes of different builds do not work
// together; it says so also where both builds call themselves the same, as development builds do.
const protocolVersion = 3

// MaxLineBytes bounds one line. It suffices for a report of as many metrics as a result may have,
// and for host information.
const MaxLineBytes = 8 << 20

// Settings are the settings of the agent that the checks in the worker need.
type Settings struct {
	// Proxy is the URL of the proxy; it may contain a password. Empty: none.
	Proxy string `json:"proxy,omitempty"`
	// NoProxy are the hosts that are reached without it, as in NO_PROXY.
	NoProxy string `json:"no_proxy,omitempty"`
	// FullArguments means that host information shows command lines and options with their values.
	FullArguments bool `json:"full_arguments,omitempty"`
	// Scripts are for the script process; nil for every other worker.
	Scripts *ScriptSettings `json:"scripts,omitempty"`
}

// A greeting is the first line in each direction.
type greeting struct {
	Protocol int    `json:"protocol"`
	Version  string `json:"version"`
	// Settings are sent by the agent only.
	Settings *Settings `json:"settings,omitempty"`
}

// A request is one line to the worker: a check to run, a type of host information to return, a type of check whose
// targets to list, or the id of a request to cancel.
type request struct {
	ID       uint64          `json:"id"`
	Check    json.RawMessage `json:"check,omitempty"`
	Timeout  int64           `json:"timeout_ms,omitempty"`
	Previous []byte          `json:"previous,omitempty"`
	// Guard limits a check of an endpoint; absent: the check is the owner's own.
	Guard    *policy.Guard `json:"guard,omitempty"`
	HostInfo string        `json:"host_info,omitempty"`
	// Targets is the type of check whose possible targets are asked for.
	Targets string `json:"targets,omitempty"`
	// Trial is a job of a person who writes a script.
	Trial  json.RawMessage `json:"trial,omitempty"`
	Cancel bool            `json:"cancel,omitempty"`
}

// checkRequest returns the request to run a check. The time limit has a field of its own, because
// that of a check is in whole seconds.
func checkRequest(req collect.Request, limit time.Duration) (request, error) {
	c := req.Check
	c.Timeout = schedule.DefaultTimeout
	b, err := c.MarshalJSON()
	if err != nil {
		return request{}, err
	}
	return request{Check: b, Timeout: max(1, limit.Milliseconds()), Previous: req.Previous, Guard: req.Guard}, nil
}

// An answer is one line from the worker. The first one answers no request: its ID is 0, and it says that the worker has
// opened its checks, or in Error why it cannot.
type answer struct {
	ID     uint64  `json:"id"`
	Report *report `json:"report,omitempty"`
	// Error is the error of the check, or why there is no answer.
	Error string `json:"error,omitempty"`
	// Ended means that Error is the error of the check's context: its time limit was reached, or it
	// was cancelled.
	Ended    bool            `json:"ended,omitempty"`
	HostInfo json.RawMessage `json:"host_info,omitempty"`
	// Failed is the kind of the check's own failure, see collect.FailedError.
	Failed string `json:"failed,omitempty"`
	// Targets are those of the type that was asked for.
	Targets []string `json:"targets,omitempty"`
	// Trial is what came of a job.
	Trial json.RawMessage `json:"trial,omitempty"`
	// Refused is the error of the check if its guard did not allow it to go on.
	Refused *policy.RefusedError `json:"refused,omitempty"`
	// as is the user that the worker runs as; it is set by the agent's side.
	as *Account
}

// A report is a collect.Report as JSON.
type report struct {
	Unavailable bool             `json:"unavailable,omitempty"`
	Status      string           `json:"status,omitempty"`
	Metrics     []collect.Metric `json:"metrics,omitempty"`
	TimeMS      int64            `json:"time_ms,omitempty"`
	Sample      []byte           `json:"sample,omitempty"`
}

func toReport(r collect.Report) *report {
	out := &report{Unavailable: r.Unavailable, Status: r.Status, Metrics: r.Metrics, Sample: r.Sample}
	if !r.Time.IsZero() {
		out.TimeMS = r.Time.UnixMilli()
	}
	return out
}

// collectReport returns the report as a collect.Report; the zero value if r is nil.
func (r *report) collectReport() collect.Report {
	if r == nil {
		return collect.Report{}
	}
	out := collect.Report{Unavailable: r.Unavailable, Status: r.Status, Metrics: r.Metrics, Sample: r.Sample}
	if r.TimeMS != 0 {
		out.Time = time.UnixMilli(r.TimeMS)
	}
	return out
}

// errLongLine is returned when a line has more than MaxLineBytes.
var errLongLine = errors.New("line too long")

// readLine decodes one line into v. Errors: io.EOF if there is none, errLongLine, and others.
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
		return fmt.Errorf("not a line of the worker protocol: %w", err)
	}
	return nil
}

// encodeLine encodes v as one line. Errors: errLongLine, and those of encoding/json.
func encodeLine(v any) ([]byte, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	if len(b) >= MaxLineBytes {
		return nil, fmt.Errorf("%w: %d bytes, at most %d", errLongLine, len(b), MaxLineBytes-1)
	}
	return append(b, '\n'), nil
}

func writeLine(w io.Writer, v any) error {
	line, err := encodeLine(v)
	if err != nil {
		return err
	}
	_, err = w.Write(line)
	return err
}
