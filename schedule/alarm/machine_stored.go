package alarm

import (
	"encoding/binary"
	"errors"
	"time"
)

// machineVersion begins the stored form of a Machine.
const machineVersion = 1

// errMachine is returned for a stored Machine that is damaged, or of a later version.
var errMachine = errors.New("the stored alarm state cannot be read")

// IsZero reports whether the machine remembers nothing: it is OK, and nothing is under way.
func (m *Machine) IsZero() bool {
	return m.State == OK && m.Base == OK && m.pendingCount == 0 && m.missing == 0 && !m.silent && !m.flap.on &&
		len(m.flap.recent) == 0
}

// MarshalBinary returns the stored form; nil of a machine that remembers nothing. Times are stored in ms.
func (m *Machine) MarshalBinary() ([]byte, error) {
	if m.IsZero() {
		return nil, nil
	}
	var flags byte
	if m.silent {
		flags |= 1
	}
	if m.flap.on {
		flags |= 2
	}
	b := []byte{machineVersion, byte(m.State), byte(m.Base), byte(m.pending), byte(m.flap.held), flags, byte(m.missing)}
	b = binary.AppendUvarint(b, uint64(m.pendingCount))
	b = binary.AppendUvarint(b, uint64(m.flap.count))
	b = binary.AppendVarint(b, m.period.Milliseconds())
	for _, t := range []time.Time{m.Since, m.BaseSince, m.pendingSince, m.last, m.flap.last} {
		b = appendTime(b, t)
	}
	b = append(b, byte(len(m.flap.recent)))
	for _, c := range m.flap.recent {
		b = append(b, byte(c.was), byte(c.now))
		b = appendTime(b, c.at)
	}
	return b, nil
}

// UnmarshalBinary reads the stored form; an empty one is the zero value.
func (m *Machine) UnmarshalBinary(b []byte) error {
	*m = Machine{}
	if len(b) == 0 {
		return nil
	}
	d := decoder{rest: b}
	if d.byte() != machineVersion {
		return errMachine
	}
	var read Machine
	read.State, read.Base, read.pending, read.flap.held = d.state(), d.state(), d.state(), d.state()
	flags := d.byte()
	read.silent, read.flap.on = flags&1 != 0, flags&2 != 0
	read.missing = min(int(d.byte()), unknownAfter)
	read.pendingCount = int(min(d.uvarint(), MaxForCount))
	read.flap.count = int(min(d.uvarint(), maxFlapCount))
	read.period = time.Duration(d.varint()) * time.Millisecond
	for _, t := range []*time.Time{&read.Since, &read.BaseSince, &read.pendingSince, &read.last, &read.flap.last} {
		*t = d.time()
	}
	count := int(d.byte())
	if count >= flapChanges {
		return errMachine
	}
	for range count {
		was, now := d.state(), d.state()
		read.flap.recent = append(read.flap.recent, recentChange{was: was, now: now, at: d.time()})
	}
	if d.failed || len(d.rest) > 0 || read.period < 0 {
		return errMachine
	}
	*m = read
	return nil
}

// appendTime appends a time in ms; the zero time is 0.
func appendTime(b []byte, t time.Time) []byte {
	if t.IsZero() {
		return binary.AppendVarint(b, 0)
	}
	return binary.AppendVarint(b, t.UnixMilli())
}

// A decoder reads what was stored. After the first mistake it returns zero values.
type decoder struct {
	rest   []byte
	failed bool
}

func (d *decoder) take(n int) []byte {
	if d.failed || n < 0 || n > len(d.rest) {
		d.failed = true
		return nil
	}
	taken := d.rest[:n]
	d.rest = d.rest[n:]
	return taken
}

func (d *decoder) byte() byte {
	if b := d.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (d *decoder) state() State {
	s := State(d.byte())
	if s > Unknown {
		d.failed = true
		return OK
	}
	return s
}

func (d *decoder) uvarint() uint64 {
	v, n := binary.Uvarint(d.rest)
	if n <= 0 {
		d.failed = true
		return 0
	}
	d.take(n)
	return v
}

func (d *decoder) varint() int64 {
	v, n := binary.Varint(d.rest)
	if n <= 0 {
		d.failed = true
		return 0
	}
	d.take(n)
	return v
}

// maxMilliseconds bounds stored times and periods, so that they do not overflow.
const maxMilliseconds = 1 << 43

func (d *decoder) time() time.Time {
	ms := d.varint()
	if ms < -maxMilliseconds || ms > maxMilliseconds {
		d.failed = true
	}
	if ms == 0 || d.failed {
		return time.Time{}
	}
	return time.UnixMilli(ms)
}
