package remotewrite

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/s2"
	"github.com/prometheus/client_golang/exp/api/remote"
	writev2 "github.com/prometheus/client_golang/exp/api/remote/genproto/v2"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/output"
)

// A storage is what exp's handler of writes stores into.
type storage struct {
	t    *testing.T
	got  map[string][]string
	kind map[string]writev2.Metadata_MetricType
	// refuse is the time from which on samples are taken.
	refuse int64
}

// Store decodes a request of 2.0 by the messages of exp. Samples that are too early are refused, the others taken.
func (s *storage) Store(r *http.Request, kind remote.WriteMessageType) (*remote.WriteResponse, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil || kind != remote.WriteV2MessageType {
		s.t.Errorf("%s, %v", kind, err)
	}
	var message writev2.Request
	if err := message.UnmarshalVT(body); err != nil {
		s.t.Error(err)
	}
	written, refused := 0, 0
	for _, one := range message.Timeseries {
		labels := writev2.DesymbolizeLabels(one.LabelsRefs, message.Symbols, nil)
		key := strings.Join(labels, "|")
		s.kind[key] = one.Metadata.Type
		for _, v := range one.Samples {
			if v.Timestamp < s.refuse {
				refused++
				continue
			}
			written++
			if text := fmt.Sprint(v.Timestamp, v.Value); !slices.Contains(s.got[key], text) {
				s.got[key] = append(s.got[key], text)
			}
		}
	}
	answer := remote.NewWriteResponse()
	answer.Samples = written
	if refused > 0 {
		answer.SetStatusCode(http.StatusBadRequest)
		return answer, errors.New("out of order sample")
	}
	return answer, nil
}

func receiver(t *testing.T, kinds ...remote.WriteMessageType) (*storage, *Sink) {
	t.Helper()
	store := &storage{t: t, got: make(map[string][]string), kind: make(map[string]writev2.Metadata_MetricType)}
	server := httptest.NewServer(remote.NewWriteHandler(store, kinds))
	t.Cleanup(server.Close)
	s, err := New(output.Config{RemoteWrite: server.URL, Labels: [][2]string{{"site", "a"}}}, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	return store, s
}

// What a receiver of 2.0 has stored equals what was sent, also when it came twice.
func TestVersion2(t *testing.T) {
	store, s := receiver(t, remote.WriteV2MessageType)
	sent := results(500)
	for i := range sent {
		sent[i].Metrics = append(sent[i].Metrics, intake.Metric{Name: "reads_total", Type: "uint64", Value: fmt.Sprint(i), Unit: "count"})
	}
	for range 2 {
		if err := s.Send(t.Context(), sent); err != nil {
			t.Fatal(err)
		}
	}
	want := gather(sent, s.labels)
	counters := 0
	for _, one := range want {
		var labels, samples []string
		for _, l := range one.labels {
			labels = append(labels, l[0], l[1])
		}
		for _, v := range one.samples {
			samples = append(samples, fmt.Sprint(v.ms, v.value))
		}
		key := strings.Join(labels, "|")
		if !slices.Equal(store.got[key], samples) {
			t.Errorf("%s: %d samples, want %d", key, len(store.got[key]), len(samples))
		}
		kind := writev2.Metadata_METRIC_TYPE_GAUGE
		if strings.Contains(key, "reads_total") {
			kind = writev2.Metadata_METRIC_TYPE_COUNTER
			counters++
		}
		if store.kind[key] != kind {
			t.Errorf("%s is of kind %v", key, store.kind[key])
		}
	}
	if len(want) != 5 || len(store.got) != 5 || counters != 1 {
		t.Errorf("%d series, sent %d, %d counters", len(store.got), len(want), counters)
	}
}

// Samples that come late and are refused count, and are not sent again; the error names what Prometheus needs.
func TestOutOfOrder(t *testing.T) {
	store, s := receiver(t, remote.WriteV2MessageType)
	sent := results(10)
	store.refuse = sent[4].Result.Time.UnixMilli()
	err := s.Send(t.Context(), sent)
	var p *output.Partial
	if !errors.As(err, &p) || p.Refused != 4*4 || !strings.Contains(err.Error(), "out_of_order_time_window") {
		t.Errorf("%v", err)
	}
	// What nothing of is taken is refused as a whole.
	var r *output.Refused
	if err := s.Send(t.Context(), sent[:2]); !errors.As(err, &r) || !strings.Contains(err.Error(), "out_of_order_time_window") {
		t.Errorf("%v", err)
	}
}

// A scripted receiver answers 2.0 and 1.0 with a status each; 2.0 may have the header of what is written.
type scripted struct {
	version2, version1 int
	header             bool
	got                []string
}

func (s *scripted) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err == nil {
		body, err = s2.Decode(nil, body)
	}
	version := r.Header.Get(versionHeader)
	want := map[string]string{"2.0.0": "application/x-protobuf;proto=io.prometheus.write.v2.Request", "0.1.0": "application/x-protobuf"}[version]
	if err != nil || len(body) == 0 || r.Header.Get(contentTypeHeader) != want || r.Header.Get("Content-Encoding") != "snappy" {
		version = fmt.Sprint("invalid ", r.Header, err)
	}
	s.got = append(s.got, version)
	if version != "2.0.0" {
		w.WriteHeader(s.version1)
		return
	}
	if s.header {
		w.Header().Set(writtenHeader, "0")
	}
	w.WriteHeader(s.version2)
}

// A receiver that does not say that it knows 2.0 gets the same batch by 1.0, and after that 1.0 alone for a day.
func TestVersion1(t *testing.T) {
	for _, test := range []struct {
		version2, version1 int
		header             bool
		ok, refused        bool
		versions           string // of two batches, and one on the next day
	}{
		{415, 204, false, true, false, "2.0.0 0.1.0 0.1.0 2.0.0 0.1.0"},
		{400, 200, false, true, false, "2.0.0 0.1.0 0.1.0 2.0.0 0.1.0"},
		{204, 204, false, true, false, "2.0.0 0.1.0 0.1.0 2.0.0 0.1.0"},
		{204, 204, true, true, false, "2.0.0 2.0.0 2.0.0"},
		{400, 204, true, false, true, "2.0.0 2.0.0 2.0.0"},
		{415, 400, false, false, true, "2.0.0 0.1.0 0.1.0 2.0.0 0.1.0"},
		// Nobody knows what it knows: it is asked with both.
		{400, 400, false, false, true, "2.0.0 0.1.0 2.0.0 0.1.0 2.0.0 0.1.0"},
		{204, 503, false, false, false, "2.0.0 0.1.0 2.0.0 0.1.0 2.0.0 0.1.0"},
		{503, 204, false, false, false, "2.0.0 2.0.0 2.0.0"},
		{401, 204, false, false, false, "2.0.0 2.0.0 2.0.0"},
	} {
		script := &scripted{version2: test.version2, version1: test.version1, header: test.header}
		server := httptest.NewServer(script)
		now := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
		s, err := New(output.Config{RemoteWrite: server.URL}, func() time.Time { return now })
		if err != nil {
			t.Fatal(err)
		}
		for _, after := range []time.Duration{0, tryAgain - time.Second, time.Second} {
			now = now.Add(after)
			err := s.Send(t.Context(), results(1))
			var r *output.Refused
			if (err == nil) != test.ok || errors.As(err, &r) != test.refused {
				t.Errorf("%+v: %v", test, err)
			}
		}
		if got := strings.Join(script.got, " "); got != test.versions {
			t.Errorf("%+v: %s", test, got)
		}
		server.Close()
	}
}

// Labels of tags are sent, and hide none of those that tell series apart.
func TestLabelsOfTags(t *testing.T) {
	sent := results(1)
	sent[0].Host.Labels = [][2]string{{"env", "prod"}, {"mountpoint", "x"}, {"agent", "y"}, {"site", "b"}}
	for _, one := range gather(sent, [][2]string{{"site", "a"}}) {
		labels := make(map[string]string)
		for _, l := range one.labels {
			labels[l[0]] = l[1]
		}
		if labels["env"] != "prod" || labels["agent"] != "web1-id" || labels["site"] != "a" || labels["__name__"] == "virgo_filesystem_used_bytes" && labels["mountpoint"] == "x" {
			t.Errorf("%v", labels)
		}
	}
}
