package fleet

import (
	"bufio"
	"errors"
	"io"
	"strings"
	"testing"
	"time"
)

func TestNextAnswer(t *testing.T) {
	const good = `{"v":"1","id":1,"source":"endpoint","target":"a","result":0,"error":null}` + "\n"
	long := `{"v":"1","id":1,"source":"endpoint","target":"a","result":{"text":"` + strings.Repeat("x", 10_000) + `"},"error":null}` + "\n"
	for name, c := range map[string]struct{ lines, want string }{
		"plain":            {good, good},
		"another order":    {`{"id":"1", "v":"1","result":0}` + "\n", `{"id":"1", "v":"1","result":0}` + "\n"},
		"longer than that": {long, long},
		"a request first":  {`{"v":"1","id":5,"source":"endpoint","method":"check_schedule.changed","params":{}}` + "\n" + good, good},
		"the end":          {"", ""},
		"half a line":      {good[:30], ""},
		"no JSON":          {"hello\n", ""},
		"an error": {`{"v":"1","id":1,"source":"endpoint","target":"a","result":null,"error":{"code":401,"message":"no"}}` + "\n",
			""},
	} {
		got, err := next(bufio.NewReaderSize(strings.NewReader(c.lines), 64), nil)
		if string(got) != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%s: %.100q, %v", name, got, err)
		}
	}
}

func TestRefusedAnswer(t *testing.T) {
	const line = `{"v":"1","id":0,"source":"endpoint","target":"a","result":null,"error":{"code":503,"message":"later",` +
		`"type":"rateLimitReached","retry_after_ms":1500}}` + "\n"
	_, err := next(bufio.NewReader(strings.NewReader(line)), nil)
	var refused *RefusedError
	if !errors.As(err, &refused) || refused.After != 1500*time.Millisecond {
		t.Errorf("%v", err)
	}
}

func TestCountAccepted(t *testing.T) {
	const head = `{"v":"1","id":1,"source":"endpoint","target":"a","result":{"results":[`
	for list, want := range map[string]int{"0": 1, "0,0,0": 3, "": 0} {
		if n, err := countAccepted([]byte(head + list + `]},"error":null}`)); err != nil || n != want {
			t.Errorf("%s: %d, %v", list, n, err)
		}
	}
	for _, list := range []string{`0,{"code":400,"message":"no"},0`, "00", "0,1"} {
		if n, err := countAccepted([]byte(head + list + `]},"error":null}`)); err == nil {
			t.Errorf("%s: %d", list, n)
		}
	}
	if _, err := countAccepted([]byte(head)); err == nil {
		t.Error("no end")
	}
}

// Whatever an endpoint sends, the simulator ends.
func FuzzNext(f *testing.F) {
	f.Add(`{"v":"1","id":1,"result":{"results":[0,0]}}` + "\n")
	f.Add(`{"v":"1","id":1,"error":{"code":503,"type":"rateLimitReached","retry_after_ms":-1}}` + "\n")
	f.Fuzz(func(t *testing.T, text string) {
		r := bufio.NewReaderSize(strings.NewReader(text), 16)
		for {
			line, err := next(r, nil)
			if errors.Is(err, io.EOF) {
				return
			}
			if err == nil {
				countAccepted(line)
			}
		}
	})
}
