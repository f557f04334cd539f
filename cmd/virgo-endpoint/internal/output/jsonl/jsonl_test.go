package jsonl

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/output"
)

// Each result is a line of JSON, also behind a rotation; a folder that is not there is an error that is repeated.
func TestSend(t *testing.T) {
	file := filepath.Join(t.TempDir(), "sub", "results.jsonl")
	s := New(file)
	batch := func(seq int64) []output.Item {
		return []output.Item{{Result: &intake.Result{Seq: seq, AgentID: "web1", CheckID: "a\n", Time: time.Now(), Params: json.RawMessage(`{"a":1}`)}},
			{Result: &intake.Result{Seq: seq + 1, AgentID: "web1", Params: json.RawMessage(`{}`)}}}
	}
	if err := s.Send(t.Context(), batch(1)); err == nil {
		t.Fatal("written into no folder")
	}
	if err := os.Mkdir(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	for seq := int64(1); seq < 7; seq += 2 {
		if err := s.Send(t.Context(), batch(seq)); err != nil {
			t.Fatal(err)
		}
		if seq == 3 {
			if err := os.Rename(file, file+".1"); err != nil {
				t.Fatal(err)
			}
		}
	}
	var got []int64
	for _, name := range []string{file + ".1", file} {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		for lines := bufio.NewScanner(f); lines.Scan(); {
			var one struct{ Seq int64 }
			if err := json.Unmarshal(lines.Bytes(), &one); err != nil {
				t.Fatal(err)
			}
			got = append(got, one.Seq)
		}
	}
	for i, seq := range got {
		if int64(i+1) != seq {
			t.Errorf("%v", got)
		}
	}
	if len(got) != 6 {
		t.Errorf("%v", got)
	}
}
