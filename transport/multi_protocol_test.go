package transport_test

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/pierrec/lz4/v4"

	"virgo/transport"
)

// postsOf makes posts of a list of results.
func postsOf(t *testing.T, list []byte) (posts []transport.Post) {
	t.Helper()
	var results []json.RawMessage
	if err := json.Unmarshal(list, &results); err != nil {
		t.Fatal(err)
	}
	for i, params := range results {
		posts = append(posts, transport.Post{Key: uint64(i), Params: params})
	}
	return posts
}

func TestProtocolMultiExamples(t *testing.T) {
	plain := exampleFrame(t, transport.MethodPostMulti+" request").Params
	var p struct {
		Results json.RawMessage
		Block   []byte `json:"results_lz4"`
		Size    int    `json:"raw_bytes"`
	}
	if err := json.Unmarshal(plain, &p); err != nil {
		t.Fatal(err)
	}
	if got := transport.MultiParams(postsOf(t, p.Results), nil); string(got) != string(plain) {
		t.Errorf("example\n%s\nwritten\n%s", plain, got)
	}

	compressed := exampleFrame(t, transport.MethodPostMulti+" request, compressed").Params
	if err := json.Unmarshal(compressed, &p); err != nil {
		t.Fatal(err)
	}
	raw := make([]byte, p.Size)
	n, err := lz4.UncompressBlock(p.Block, raw)
	content, _ := readProtocol(t).Example("results")
	if err != nil || string(raw[:n]) != content || n != p.Size {
		t.Errorf("the block has (%v)\n%s\nnot\n%s", err, raw[:n], content)
	}
	got := transport.MultiParams(postsOf(t, []byte(content)), func(dst, src []byte) []byte {
		if string(src) != content {
			t.Errorf("compresses\n%s\nnot\n%s", src, content)
		}
		return append(dst, p.Block...)
	})
	if string(got) != string(compressed) {
		t.Errorf("example\n%s\nwritten\n%s", compressed, got)
	}
}

func TestProtocolMultiAnswers(t *testing.T) {
	keys := []uint64{7, 8}
	all, err := transport.ParseMultiResult(keys, exampleFrame(t, transport.MethodPostMulti+" response").Result)
	if err != nil || !slices.Equal(all, []transport.Outcome{{Key: 7}, {Key: 8}}) {
		t.Errorf("%v, %v", all, err)
	}
	one, err := transport.ParseMultiResult(keys, exampleFrame(t, transport.MethodPostMulti+" response, one refused").Result)
	if err != nil || len(one) != 2 || one[0].Refused != nil || one[1].Key != 8 || one[1].Refused == nil ||
		one[1].Refused.Code != transport.CodeBadRequest || one[1].Refused.Message != "status is longer than 256 characters" {
		t.Errorf("%v, %v", one, err)
	}
}
