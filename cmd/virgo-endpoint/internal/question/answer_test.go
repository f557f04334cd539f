package question

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"virgo/cmd/virgo-endpoint/internal/watch"
)

func TestRead(t *testing.T) {
	largest := `{"metrics":[{"a":"` + strings.Repeat("x", watch.MaxInfoBytes-22) + `"}]}`
	for name, c := range map[string]struct {
		result  string
		outcome watch.InfoOutcome
		metrics string
		err     string // in the error
	}{
		"a list":             {`{"error":null,"metrics":[{"a": 1}, {}],"timestamp":5}`, watch.InfoAnswered, `[{"a":1},{}]`, ""},
		"an object":          {`{"metrics":{"a":{"b":[1]}}}`, watch.InfoAnswered, `{"a":{"b":[1]}}`, ""},
		"nothing there":      {`{"metrics":[]}`, watch.InfoAnswered, `[]`, ""},
		"an error":           {`{"error":"apache2 is not installed","metrics":null}`, watch.InfoAnswered, "", "apache2 is not installed"},
		"a part":             {`{"error":"one file cannot be read","metrics":[{"a":1}]}`, watch.InfoAnswered, `[{"a":1}]`, "one file cannot be read"},
		"bytes that are bad": {"{\"metrics\":[{\"a\":\"\xff\"}]}", watch.InfoAnswered, `[{"a":"?"}]`, ""},
		"the largest":        {largest, watch.InfoAnswered, largest[len(`{"metrics":`) : len(largest)-1], ""},
		"too large":          {largest + " ", watch.InfoUnusable, "", "1048577 bytes"},
		"nothing":            {``, watch.InfoUnusable, "", "PROTOCOL.md"},
		"null":               {`null`, watch.InfoUnusable, "", "neither metrics nor an error"},
		"no object":          {`[1]`, watch.InfoUnusable, "", "PROTOCOL.md"},
		"no metrics":         {`{"error":null}`, watch.InfoUnusable, "", "neither metrics nor an error"},
		"an empty error":     {`{"error":""}`, watch.InfoUnusable, "", "neither metrics nor an error"},
		"metrics of text":    {`{"metrics":"x","error":"y"}`, watch.InfoUnusable, "", "neither an object"},
		"metrics of numbers": {`{"metrics":[1]}`, watch.InfoUnusable, "", "neither an object"},
		"metrics of nulls":   {`{"metrics":[null]}`, watch.InfoUnusable, "", "neither an object"},
		"no text":            {`{"error":7,"metrics":[]}`, watch.InfoUnusable, "", "PROTOCOL.md"},
	} {
		var i watch.Info
		Read(&i, json.RawMessage(c.result))
		if i.Outcome != c.outcome || string(i.Metrics) != c.metrics || !strings.Contains(i.Error, c.err) || c.err == "" && i.Error != "" {
			t.Errorf("%s: %s %.80q %.200s", name, i.Outcome, i.Metrics, i.Error)
		}
	}
}

// Whatever a host answers, what is kept is within bounds, and JSON that everybody can read.
func FuzzRead(f *testing.F) {
	for _, seed := range []string{`{"error":null,"metrics":[{"a":1}]}`, `{"metrics":{"a":[[[{}]]]}}`, `{"error":"x"}`, `null`, "{\"metrics\":[{\"\xff\":\"\\ud800\"}]}", `{"METRICS":[{}],"metrics":{}}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, result []byte) {
		var i watch.Info
		Read(&i, result)
		switch i.Outcome {
		case watch.InfoAnswered:
			if len(i.Metrics) > watch.MaxInfoBytes || !utf8.Valid(i.Metrics) || i.Metrics != nil && !json.Valid(i.Metrics) || i.Metrics == nil && i.Error == "" {
				t.Errorf("%q, %q", i.Metrics, i.Error)
			}
		case watch.InfoUnusable:
			if i.Metrics != nil || i.Error == "" {
				t.Errorf("unusable: %q, %q", i.Metrics, i.Error)
			}
		default:
			t.Errorf("outcome %q", i.Outcome)
		}
	})
}
