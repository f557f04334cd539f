package segment

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"regexp"
	"strconv"
	"testing"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/transport/receipt"
)

// A fleet makes sessions of seven results as hosts send them: a captured one, with other numbers for each
// host and each session.
type fleet struct {
	templates [][]byte
	rnd       *rand.Rand
	order     map[int64]uint64
}

// values are the numbers of metrics: each captured one is a host's own, and its last digits change.
var values = regexp.MustCompile(`"v":"([0-9]+)(\.[0-9]+)?"`)

func newFleet(t testing.TB) *fleet {
	t.Helper()
	data, err := os.ReadFile("testdata/session.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	return &fleet{templates: bytes.Split(bytes.TrimSpace(data), []byte("\n")), rnd: rand.New(rand.NewPCG(1, 2)),
		order: map[int64]uint64{}}
}

func name(agent int64) string { return fmt.Sprintf("host%06d", agent) }

// session is the next session of an agent.
func (f *fleet) session(agent int64, at time.Time) []intake.Result {
	start, order := f.rnd.Uint64(), f.order[agent]
	host := rand.New(rand.NewPCG(uint64(agent), 7)) // the same in each session
	var list []intake.Result
	for _, template := range f.templates {
		order++
		at = at.Add(time.Millisecond)
		id := receipt.ID(name(agent), start, order)
		params := values.ReplaceAllFunc(template, func(v []byte) []byte {
			parts := values.FindSubmatch(v)
			return fmt.Appendf(nil, `"v":"%s%s"`, f.vary(host, parts[1]), f.vary(host, parts[2]))
		})
		text := textIn(params, checkIDField)
		params = bytes.Replace(params, textIn(params, resultIDField), []byte(id), 1)
		params = replaceNumber(params, orderField, int64(order))
		params = replaceNumber(params, timeField, at.UnixMilli())
		n := order
		list = append(list, intake.Result{ResultID: id, CheckID: string(text), CheckType: string(textIn(params, checkTypeField)),
			State: "available", Status: "success", Time: at, Order: &n, Params: params})
	}
	f.order[agent] = order
	return list
}

// vary changes a number of at least three digits: the first half of its digits is the host's, the second
// the session's.
func (f *fleet) vary(host *rand.Rand, digits []byte) []byte {
	if len(digits) < 3 {
		return digits
	}
	changed := bytes.Clone(digits)
	for i := range changed {
		n := host.IntN(10)
		if i >= len(changed)/2 {
			n = f.rnd.IntN(10)
		}
		if changed[i] != '.' && i > 0 {
			changed[i] = byte('0' + n)
		}
	}
	return changed
}

func replaceNumber(params, field []byte, n int64) []byte {
	old, _ := numberIn(params, field)
	from := strconv.AppendInt(bytes.Clone(field), old, 10)
	return bytes.Replace(params, from, strconv.AppendInt(bytes.Clone(field), n, 10), 1)
}

// store stores sessions in one transaction.
func store(t testing.TB, s *Segment, agents []int64, sessions [][]intake.Result, at time.Time) {
	t.Helper()
	if err := tryStore(t.Context(), s, agents, sessions, at); err != nil {
		t.Fatal(err)
	}
}

func tryStore(ctx context.Context, s *Segment, agents []int64, sessions [][]intake.Result, at time.Time) error {
	tx, err := s.Begin(ctx)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	seq := tx.Next()
	for i, agent := range agents {
		c, _, err := tx.Contact(ctx, agent)
		if err != nil {
			return err
		}
		list := sessions[i]
		for n := range list {
			list[n].Seq, list[n].Received = seq, at
			seq++
			c.Note(&list[n])
		}
		c.Seen, c.Hello = at.UnixMilli(), &intake.Hello{Name: "host", ProcessVersion: "1.4.0", BundleVersion: "1.4.0", Remote: "192.0.2.1:55555", Session: uint64(seq)}
		if err := tx.Add(agent, at, list); err != nil {
			return err
		}
		if err := tx.PutContact(agent, &c); err != nil {
			return err
		}
	}
	return tx.Commit()
}
