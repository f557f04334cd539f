package api

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"virgo/cmd/virgo-endpoint/internal/admin"
	"virgo/cmd/virgo-endpoint/internal/chart"
	"virgo/cmd/virgo-endpoint/internal/folder"
	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/intake/intaketest"
	"virgo/cmd/virgo-endpoint/internal/watch/watchtest"
	"virgo/schedule"
	"virgo/transport/receipt"
)

var epoch = time.UnixMilli(1_700_000_000_000)

// A hooked is a store in memory that calls onResult before each result that it passes on, if that is set.
type hooked struct {
	*intaketest.Memory
	onResult func(n int)
}

func (h *hooked) Results(ctx context.Context, f intake.Filter, fn func(intake.Result) error) error {
	n := 0
	return h.Memory.Results(ctx, f, func(r intake.Result) error {
		if h.onResult != nil {
			h.onResult(n)
		}
		n++
		return fn(r)
	})
}

// A served is an API on a listener of loopback, with a store in memory and a token.
type served struct {
	t     *testing.T
	store *hooked
	api   *API
	url   string
	token string
	// control is what changes are stored in, beside the store.
	control *watchtest.Memory
	dir     folder.Dir
	id      string // the token's
	access  intake.Access
	login   Login
	schema  *jsonschema.Compiler
	paths   map[string]map[string]described

	mu  sync.Mutex
	now time.Time
}

func (s *served) clock() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

func (s *served) pass(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = s.now.Add(d)
}

func serve(t *testing.T) *served { return serveWith(t, nil) }

// serveWith is serve for browsers that a login knows, too.
func serveWith(t *testing.T, login Login) *served {
	t.Helper()
	s := &served{t: t, store: &hooked{Memory: &intaketest.Memory{}}, now: epoch, login: login}
	_, _, s.access = intaketest.NewToken(t, s.store)
	var token intake.Token
	var err error
	s.token, token, err = s.store.AddToken(t.Context(), intake.TokenSpec{Kinds: intake.Read}, epoch)
	if err != nil {
		t.Fatal(err)
	}
	s.id = token.ID
	s.control, s.dir = &watchtest.Memory{Now: s.clock}, folder.Dir(t.TempDir())
	changes := admin.New(admin.Options{Dir: s.dir, Keys: s.store, Agents: s.store, Alarms: s.control.Alarms(), Audit: s.control.Audit(),
		People: s.control.People(), Settings: s.control.Settings(), Silences: s.control.Silences(), HostInfo: s.control.HostInfo(), Now: s.clock,
		CheckRules:   func(_ string, data []byte) []schedule.Problem { return rulesOfTests(data) },
		Hash:         func(_ context.Context, password string) (string, error) { return "hash of " + password, nil },
		TestNotifier: func(_ context.Context, name string) error { return notifierOfTests(name) }})
	s.api = New(Options{Store: s.store, Series: s.store, Charts: &chart.Reader{History: s.store, Store: s.store}, Admin: changes,
		Login: s.login, Alarms: standingOfTests{s.control.Alarms()}, Trial: trialOfTests, Notifiers: notifiersOfTests, Outputs: outputsOfTests, HostInfo: s.control.HostInfo(),
		Now: s.clock, Version: "1.2.3"})
	l, _, err := Listen(t.Context(), "127.0.0.1:0", nil)
	if err != nil {
		t.Fatal(err)
	}
	s.url = "http://" + l.Addr().String()
	srv := NewServer(s.api, l)
	done := make(chan error, 1)
	go func() { done <- srv.Serve() }()
	t.Cleanup(func() {
		srv.Shutdown(t.Context())
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	s.schema = compiler(t, s.api)
	data, err := s.api.document()
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Paths map[string]map[string]described
	}
	if err := json.Unmarshal(data, &doc); err != nil {
		t.Fatal(err)
	}
	s.paths = doc.Paths
	return s
}

// put stores results of an agent, one each minute.
func (s *served) put(agent, check string, results ...string) {
	s.t.Helper()
	for i, params := range results {
		at := epoch.Add(time.Duration(i-len(results)) * time.Minute)
		state := "available"
		if strings.Contains(params, "unavailable") {
			state = "unavailable"
		}
		_, err := s.store.Append(s.t.Context(), []intake.Arrival{{AgentID: agent, Access: s.access, Received: at,
			Hello:    &intake.Hello{Name: "n", Remote: "192.0.2.1:1", ProcessVersion: "1"},
			Results:  []intake.Result{{ResultID: fmt.Sprint(check, i), CheckID: check, CheckType: "agent.cpu", State: state, Time: at, Received: at, Params: []byte(params)}},
			Refusals: []receipt.Refused{{ID: "bad", Code: 400, Message: "no"}}}})
		if err != nil {
			s.t.Fatal(err)
		}
	}
}

// fill stores what the tests read.
func (s *served) fill() {
	s.put("web1", "cpu", metric("1.5"), metric("2"), `{"min_check_period":60000,"status":"unavailable"}`)
	s.put("web1", "text", `{"metrics":[["/",{"t":{"t":"string","v":"x"}}]]}`)
	s.put("web2", "cpu", metric("18446744073709551615"))
	s.put("ä%_", "cpu", metric("3"))
	if _, err := s.store.TagAgent(s.t.Context(), "web1", []string{"web", "eu"}, nil); err != nil {
		s.t.Fatal(err)
	}
}

func metric(v string) string {
	kind := "uint64"
	if strings.Contains(v, ".") {
		kind = "double"
	}
	return fmt.Sprintf(`{"min_check_period":60000,"metrics":[[null,{"usage":{"t":%q,"v":%q,"u":"percent"}}]]}`, kind, v)
}

// A described is what the document says of an operation.
type described struct {
	Description string
	Responses   map[string]any
}

// An answer is what a client got.
type answer struct {
	code   int
	header http.Header
	body   []byte
}

// get asks as a client with the token does, and validates the answer.
func (s *served) get(path string) answer {
	s.t.Helper()
	a := s.ask(http.MethodGet, path, "Bearer "+s.token)
	s.valid(http.MethodGet, path, a)
	return a
}

func (s *served) ask(method, path, authorization string) answer {
	s.t.Helper()
	return s.send(method, path, "", "Authorization", authorization)
}

// send sends a request with headers: names and values by turns; empty ones are left out.
func (s *served) send(method, path, body string, headers ...string) answer {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		if headers[i+1] != "" {
			r.Header.Set(headers[i], headers[i+1])
		}
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return answer{resp.StatusCode, resp.Header, got}
}

// json is the answer's document.
func (a answer) json(t *testing.T) map[string]any {
	t.Helper()
	var doc map[string]any
	if err := json.Unmarshal(a.body, &doc); err != nil {
		t.Fatalf("%v: %s", err, a.body)
	}
	return doc
}

const documentURL = "https://endpoint.example/openapi.json"

// compiler has the document as it is served, but with objects that have no fields which it does not name.
func compiler(t *testing.T, a *API) *jsonschema.Compiler {
	t.Helper()
	data, err := a.document()
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	schemas := doc.(map[string]any)["components"].(map[string]any)["schemas"].(map[string]any)
	for _, one := range schemas {
		if s := one.(map[string]any); s["type"] == "object" {
			s["additionalProperties"] = false
		}
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource(documentURL, doc); err != nil {
		t.Fatal(err)
	}
	return c
}

// valid validates an answer against what the document says about its path, code and type.
func (s *served) valid(method, path string, a answer) {
	s.t.Helper()
	operation := s.operation(method, path)
	media, _, _ := strings.Cut(a.header.Get("Content-Type"), ";")
	response := fmt.Sprint(a.code)
	if a.code >= 400 {
		response, media = "default", "application/problem+json"
		if _, ok := s.responses(method, operation)[fmt.Sprint(a.code)]; ok {
			response = fmt.Sprint(a.code)
		}
	}
	if full := a.header.Get("Content-Type"); strings.HasPrefix(full, "text/plain") {
		media = full
	}
	if a.code == http.StatusNoContent {
		if _, ok := s.responses(method, operation)["204"]; !ok || len(a.body) > 0 {
			s.t.Errorf("%s %s answers 204, which the document does not have, or with a body", method, path)
		}
		return
	}
	escape := strings.NewReplacer("~", "~0", "/", "~1")
	pointer := fmt.Sprintf("#/paths/%s/%s/responses/%s/content/%s/schema", escape.Replace(operation), strings.ToLower(method), response, escape.Replace(media))
	schema, err := s.schema.Compile(documentURL + url.PathEscape("") + pointerURL(pointer))
	if err != nil {
		s.t.Fatalf("%s %s answers %d %s, which the document does not have: %v", method, path, a.code, media, err)
	}
	for _, one := range bodies(media, a.body) {
		var v any = string(one)
		if !strings.HasPrefix(media, "text/plain") && media != yamlType {
			if v, err = jsonschema.UnmarshalJSON(bytes.NewReader(one)); err != nil {
				s.t.Fatalf("%s: %v: %s", path, err, one)
			}
		}
		if err := schema.Validate(v); err != nil {
			s.t.Errorf("%s: %#v\n%s", path, err, one)
		}
	}
}

// pointerURL escapes a JSON pointer for the fragment of a URL.
func pointerURL(pointer string) string {
	return (&url.URL{Fragment: strings.TrimPrefix(pointer, "#")}).String()
}

// bodies are the documents of an answer: of a stream each line.
func bodies(media string, body []byte) [][]byte {
	if media == ndjson {
		return bytes.Split(bytes.TrimSpace(body), []byte("\n"))
	}
	return [][]byte{body}
}

// operation is the path of the document that fits a request's.
func (s *served) operation(method, path string) string {
	s.t.Helper()
	_, pattern := s.api.mux.Handler(httptest.NewRequest(method, path, nil))
	return strings.TrimPrefix(pattern, method+" ")
}

func (s *served) responses(method, operation string) map[string]any {
	return s.paths[operation][strings.ToLower(method)].Responses
}
