package transport_test

import (
	"bytes"
	"errors"
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"virgo/transport"
	"virgo/transport/receipt"
	"virgo/transport/transporttest"
)

func readProtocol(t *testing.T) *transporttest.Protocol {
	t.Helper()
	p, err := transporttest.ReadProtocol()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func protocolText(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile("PROTOCOL.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// exampleFrame reads the example of a name.
func exampleFrame(t *testing.T, name string) transport.Frame {
	t.Helper()
	text, err := readProtocol(t).Example(name)
	if err != nil {
		t.Fatal(err)
	}
	f, err := transport.NewReader(strings.NewReader(text + "\n")).ReadFrame()
	if err != nil {
		t.Fatalf("example %q: %v", name, err)
	}
	return f
}

func TestProtocolExamplesAreFramesAsTheWriterMakesThem(t *testing.T) {
	for _, e := range readProtocol(t).Examples {
		if e.Language != "json" || e.Name == "results" { // the content of a block
			continue
		}
		f := exampleFrame(t, e.Name)
		var out bytes.Buffer
		w := transport.NewWriter(&out)
		if err := errors.Join(w.WriteFrame(&f), w.Flush()); err != nil || out.String() != e.Text+"\n" {
			t.Errorf("example %q:\n%s\nis written as (%v)\n%s", e.Name, e.Text, err, out.String())
		}
		kind := "response"
		if f.IsRequest() {
			kind = "request"
			if method, _, _ := strings.Cut(e.Name, " "); e.Name != "request" && f.Method != method {
				t.Errorf("example %q is of method %s", e.Name, f.Method)
			}
		}
		if !slices.Contains(strings.FieldsFunc(e.Name, func(r rune) bool { return r == ' ' || r == ',' }), kind) {
			t.Errorf("example %q is a %s", e.Name, kind)
		}
		agent, endpoint := f.Source, f.Target
		if agent == transport.EndpointName {
			agent, endpoint = endpoint, agent
		}
		if agent != "web1" || endpoint != transport.EndpointName || f.V != transport.Version {
			t.Errorf("example %q: version %q from %q to %q", e.Name, f.V, f.Source, f.Target)
		}
	}
}

// Each method has a section, a request and a response, and each response the id of its request.
func TestProtocolHasAnExampleOfEachMethod(t *testing.T) {
	for _, method := range []string{
		transport.MethodHello, transport.MethodHeartbeat, transport.MethodPost, transport.MethodPostMulti, transport.MethodSchedule,
		transport.MethodReceipt, transport.MethodBundle, transport.MethodScheduleChanged, transport.MethodSystemInfo,
		transport.MethodCheckTest, transport.MethodCheckTargets, transport.MethodHostInfo,
		transport.MethodHostInfoTypes, "bundle_upgrade.get_version", "binary_upgrade.get_version",
		"bundle_upgrade.available", "config_file.post",
	} {
		request, response := exampleFrame(t, method+" request"), exampleFrame(t, method+" response")
		if request.ID != response.ID || request.Source != response.Target || request.Target != response.Source {
			t.Errorf("%s: the response is not to the request", method)
		}
	}
	text := protocolText(t)
	for _, e := range readProtocol(t).Examples {
		method, _, _ := strings.Cut(e.Name, " ")
		if strings.Contains(method, ".") && !regexp.MustCompile("(?m)^### .*`"+regexp.QuoteMeta(method)+"`").MatchString(text) {
			t.Errorf("example %q has no section", e.Name)
		}
	}
	for _, feature := range []string{
		transport.FeaturePipelining, transport.FeatureResultID, transport.FeatureScheduleHash, transport.FeatureReceipt,
		transport.FeatureAgentKey, transport.FeatureBundle, transport.FeaturePostMulti, transport.FeaturePostMultiLZ4,
	} {
		if !strings.Contains(text, "\n| `"+feature+"` | ") {
			t.Errorf("feature %q is not in the table", feature)
		}
	}
}

func TestProtocolHelloExample(t *testing.T) {
	f := exampleFrame(t, transport.MethodHello+" request")
	id := transport.Identity{
		AgentID: "web1", AgentName: "virgo", Token: "not-a-token", ProcessVersion: "1.0.0", BundleVersion: "1.0.0",
		Features: []transport.Feature{
			{Name: transport.FeaturePipelining, Version: "1"},
			{Name: transport.FeatureResultID, Version: "1"},
			{Name: transport.FeatureScheduleHash, Version: "1"},
		},
		ScheduleHash: "7f2c3a",
	}
	if got := transport.AppendHello(&id, nil, 1767225600123); string(got) != string(f.Params) {
		t.Errorf("example\n%s\nhello\n%s", f.Params, got)
	}
	id.ScheduleHash = ""
	for _, name := range []string{transport.FeatureAgentKey, transport.FeaturePostMulti, transport.FeaturePostMultiLZ4} {
		id.Features = append(id.Features, transport.Feature{Name: name, Version: "1"})
	}
	id.Proof = transport.Proof{
		Key: "A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg=", Session: 4711,
		Signature: "OtHQdmJO190Myg7rsGzPTk4jjxkzpKtjvX1veuUP2H9vLKyFDvGLRp5CMQfPhd4oJQJHqLOv8QCZkIfz4RlsCA==",
	}
	for token, name := range map[string]string{
		"not-a-token": " request, with a key", "": " request, key confirmed",
	} {
		id.Token = token
		f := exampleFrame(t, transport.MethodHello+name)
		if got := transport.AppendHello(&id, nil, 1767225600123); string(got) != string(f.Params) {
			t.Errorf("example\n%s\nhello\n%s", f.Params, got)
		}
	}
	confirmed, err := transport.ParseWelcome(exampleFrame(t, transport.MethodHello+" response, session did not grow").Result)
	if err != nil || !confirmed.KeyRegistered || confirmed.LastSession != 5120 || !confirmed.Has(transport.FeatureAgentKey) {
		t.Errorf("the response is read as %+v, %v", confirmed, err)
	}
	w, err := transport.ParseWelcome(exampleFrame(t, transport.MethodHello+" response").Result)
	if err != nil || w.HeartbeatInterval != time.Minute || w.ScheduleChanged == nil || !*w.ScheduleChanged {
		t.Errorf("the response is read as %+v, %v", w, err)
	}
	for _, name := range []string{
		transport.FeaturePipelining, transport.FeatureResultID, transport.FeatureScheduleHash, transport.FeatureReceipt,
	} {
		if !w.Has(name) {
			t.Errorf("the response announces no %s", name)
		}
	}
}

func TestProtocolHeartbeatExample(t *testing.T) {
	request := exampleFrame(t, transport.MethodHeartbeat+" request")
	if got := transport.AppendHeartbeat(nil, 1767225600456); string(got) != string(request.Params) {
		t.Errorf("example %s, written %s", request.Params, got)
	}
	result := exampleFrame(t, transport.MethodHeartbeat+" response").Result
	if offset, ok := transport.ClockOffsetOf(time.UnixMilli(1767225600456), result); !ok || offset != 4*time.Millisecond {
		t.Errorf("the clock's offset is %v, %v", offset, ok)
	}
}

// errorOf returns the error of an example; an empty one if it has none.
func errorOf(t *testing.T, name string) *transport.Error {
	t.Helper()
	if e := exampleFrame(t, name).Error; e != nil {
		return e
	}
	return &transport.Error{}
}

func TestProtocolErrorExamples(t *testing.T) {
	limit := exampleFrame(t, "rate limit response").Error
	if err := transport.SessionError(limit); !errors.Is(err, transport.ErrRateLimit) || !limit.EndsSession() || limit.RetryAfterMS != 900000 {
		t.Errorf("rate limit: %v", err)
	}
	limit.Code = 503
	if err := transport.SessionError(limit); !errors.Is(err, transport.ErrRateLimit) {
		t.Errorf("rate limit with another code: %v", err)
	}
	tooOld := exampleFrame(t, "handshake.hello response, agent too old").Error
	if err := transport.HelloError(tooOld); !errors.Is(err, transport.ErrVersion) {
		t.Errorf("too old: %v", err)
	}
	badToken := exampleFrame(t, "handshake.hello response, bad token").Error
	if err := transport.HelloError(badToken); !errors.Is(err, transport.ErrAuth) {
		t.Errorf("bad token: %v", err)
	}
	for _, refused := range []string{
		transport.TypeOtherKey, transport.TypeKeyRequired, transport.TypeProofFailed, transport.TypeNotEnrolled,
		transport.TypeRevoked,
	} {
		if !slices.ContainsFunc(readProtocol(t).Examples, func(e transporttest.Example) bool {
			return e.Language == "json" && errors.Is(transport.HelloError(errorOf(t, e.Name)), transport.ErrAuth) &&
				errorOf(t, e.Name).Type == refused
		}) {
			t.Errorf("no example of a refusal of type %s", refused)
		}
	}
	if exampleFrame(t, "response with an error").Error.EndsSession() {
		t.Error("400 ends the session")
	}
	unknown := exampleFrame(t, "unknown method response").Error
	if want := transport.NotFound("config.set"); *unknown != *want {
		t.Errorf("unknown method: %v, want %v", unknown, want)
	}
}

// Rows of the table of error codes: code, meaning, what becomes of the session.
func TestProtocolErrorCodes(t *testing.T) {
	row := regexp.MustCompile(`(?m)^\| (\d{3}) \| [^|]+ \| ([a-z ]+) \|$`)
	codes := make(map[int]bool)
	for _, m := range row.FindAllStringSubmatch(protocolText(t), -1) {
		code, _ := strconv.Atoi(m[1])
		codes[code] = true
		want := "goes on"
		if e := (transport.Error{Code: code}); e.EndsSession() {
			want = "ends"
		}
		if m[2] != want {
			t.Errorf("code %d: the table says %q, the code %q", code, m[2], want)
		}
	}
	for _, code := range []int{
		transport.CodeBadRequest, transport.CodeUnauthorized, transport.CodeForbidden, transport.CodeNotFound,
		transport.CodeInternal,
	} {
		if !codes[code] {
			t.Errorf("code %d is not in the table", code)
		}
	}
}

func TestProtocolConnectExample(t *testing.T) {
	text, err := readProtocol(t).Example("connect")
	if err != nil {
		t.Fatal(err)
	}
	p, err := transport.ParseProxy("http://user:pass@proxy.example.com:3128")
	if err != nil {
		t.Fatal(err)
	}
	want := strings.ReplaceAll(text, "\n", "\r\n")
	if sent, err := transport.ConnectRequest(p, "mon.example.com:443"); err != nil || sent != want {
		t.Errorf("sent (%v)\n%q\nthe example is\n%q", err, sent, want)
	}
}

func TestProtocolReceiptExample(t *testing.T) {
	r, err := receipt.Read(exampleFrame(t, transport.MethodReceipt+" response").Result)
	if err != nil || r.Agent != "web1" || len(r.Ranges) != 2 || len(r.Refused) != 1 {
		t.Errorf("read as %+v, %v", r, err)
	}
}

// The limits of other packages are compared in their tests, or in those of the programs.
func TestProtocolLimits(t *testing.T) {
	limits := map[string]int64{
		"MaxFrameBytes":    transport.MaxFrameBytes,
		"MaxDepth":         transport.MaxDepth,
		"MaxNameBytes":     transport.MaxNameBytes,
		"WindowRequests":   transport.WindowRequests,
		"WindowBytes":      transport.WindowBytes,
		"MultiBytes":       transport.MultiBytes,
		"MultiResults":     transport.MultiResults,
		"MultiWindowBytes": transport.MultiWindowBytes,
		"BusyAttempts":     transport.BusyAttempts,
		"MaxBusyPause":     int64(transport.MaxBusyPause / time.Second),
		"MaxRequests":      transport.MaxRequests,
		"ConnectTimeout":   int64(transport.ConnectTimeout / time.Second),
		"IdleTimeout":      int64(transport.IdleTimeout / time.Second),
	}
	maps.Copy(limits, transport.UnexportedLimits)
	stated := readProtocol(t).Limits
	for name, value := range limits {
		if n, ok := stated[name]; !ok || n != value {
			t.Errorf("%s is %d, the table says %d, %v", name, value, n, ok)
		}
	}
	for name := range stated {
		if _, ok := limits[name]; !ok && !strings.Contains(name, ".") {
			t.Errorf("the table has %s, which no test compares", name)
		}
	}
	if n := stated["endpoint.receipt.MaxRanges"]; n != receipt.MaxRanges {
		t.Errorf("receipt.MaxRanges is %d, the table says %d", receipt.MaxRanges, n)
	}
}
