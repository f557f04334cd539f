package server

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"virgo/cmd/virgo-endpoint/internal/peertest"
)

// publishing has one bundle in channel stable, for every agent, and files by "channel/name".
type publishing struct {
	mu       sync.Mutex
	offer    Offer
	files    map[string]func() io.ReadSeeker
	programs map[string]string
	asked    []string // what Open was asked for
	closed   int
}

func (p *publishing) Offer(agentID string, b BundleName) (Offer, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.offer, p.offer.Version != "" && (b == BundleName{"stable", "standard"} || b == BundleName{"stable", "virgo-linux-amd64"})
}

func (p *publishing) set(o Offer) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.offer = o
}

func (p *publishing) ProgramsVersion(channel string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.programs[channel]
}

func (p *publishing) IsNews(o Offer, version, state string) bool {
	return o.Version > version && !strings.Contains(state, o.Version)
}

func (p *publishing) Open(channel, file string) (Published, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked = append(p.asked, channel+"/"+file)
	content, ok := p.files[channel+"/"+file]
	if !ok {
		return Published{}, fs.ErrNotExist
	}
	return Published{Content: openFile{content(), p}, SHA256: "abc"}, nil
}

type openFile struct {
	io.ReadSeeker
	p *publishing
}

func (c openFile) Close() error {
	c.p.mu.Lock()
	defer c.p.mu.Unlock()
	c.p.closed++
	return nil
}

// bundleText is the content of stable/bundle-standard-1.4.0.zip.
const bundleText = "0123456789"

func publish() *publishing {
	return &publishing{files: map[string]func() io.ReadSeeker{
		"stable/bundle-standard-1.4.0.zip":         func() io.ReadSeeker { return strings.NewReader(bundleText) },
		"stable/bundle-standard-1.4.0.zip.minisig": func() io.ReadSeeker { return strings.NewReader("signature") },
	}}
}

func (p *publishing) to(o *Options) { o.Upgrades = p }

// getOver sends one HTTP request as it is and reads the answer.
func getOver(p *peertest.Peer, method, path string, header ...string) (*http.Response, []byte, error) {
	p.Write(method + " " + path + " HTTP/1.1\r\nHost: x\r\n" + strings.Join(append(header, ""), "\r\n") + "\r\n")
	resp, err := http.ReadResponse(bufio.NewReader(p.Conn), &http.Request{Method: method})
	if err != nil {
		return nil, nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return resp, body, err
}

func TestVersionOfPrograms(t *testing.T) {
	p := publish()
	p.programs = map[string]string{"stable": "0.2.0"}
	r := newSite(t).start(t, p.to)
	for channel, want := range map[string]string{"stable": "0.2.0\n", "beta": "0.0.0-0\n"} {
		if _, body, err := getOver(r.dial(t), "GET", "/upgrades/"+channel+"/VERSION"); err != nil || string(body) != want {
			t.Errorf("%s: %q, %v", channel, body, err)
		}
	}
}

func TestDownloadPaths(t *testing.T) {
	p := publish()
	r := newSite(t).start(t, p.to)
	const file = "/upgrades/stable/bundle-standard-1.4.0.zip"
	for _, test := range []struct {
		method, path, header string
		code                 int
		body                 string
	}{
		{"GET", file, "", 200, bundleText},
		{"HEAD", file, "", 200, ""},
		{"GET", file + ".minisig", "", 200, "signature"},
		{"GET", file + "?x=/../..", "", 200, bundleText},
		{"GET", "https://x" + file, "", 200, bundleText},
		{"GET", file + ".sig", "", 404, ""},
		{"GET", file + "/", "", 404, ""},
		{"GET", file + "%00", "", 404, ""},
		{"GET", file + "\x00", "", 400, ""},
		{"GET", "/upgrades/beta/bundle-standard-1.4.0.zip", "", 404, ""},
		{"GET", "/upgrades/stable/channels.json", "", 404, ""},
		{"GET", "/upgrades/stable/../channels.json", "", 404, ""},
		{"GET", "/upgrades/stable/%2e%2e/%2e%2e/endpoint.db", "", 404, ""},
		{"GET", "/upgrades/stable/..%2f..%2fserver-key.pem", "", 404, ""},
		{"GET", "/upgrades/%2e%2e/endpoint.db", "", 404, ""},
		{"GET", "/upgrades/stable//bundle-standard-1.4.0.zip", "", 404, ""},
		{"GET", "/upgrades//stable/bundle-standard-1.4.0.zip", "", 404, ""},
		{"GET", "/upgrades/stable%2fbundle-standard-1.4.0.zip", "", 200, bundleText}, // the same path (RFC 3986, 2.4 leaves it open)
		{"GET", `/upgrades/stable/..\..\endpoint.db`, "", 404, ""},
		{"GET", "/upgrades/stable/C:", "", 404, ""},
		{"GET", "/upgrades/stable/", "", 404, ""},
		{"GET", "/upgrades/stable/" + strings.Repeat("x", 8000), "", 404, ""},
		{"GET", "/upgrades/stable/" + strings.Repeat("x", 64<<10), "", 431, ""},
		{"POST", file, "", 404, ""},
		{"PUT", file, "", 404, ""},
		{"GET", file, "Range: bytes=4-", 206, "456789"},
		{"GET", file, "Range: bytes=9-9", 206, "9"},
		{"GET", file, "Range: bytes=-3", 206, "789"},
		{"GET", file, "Range: bytes=10-", 416, ""},
		{"GET", file, "Range: bytes=99999999999999999999-", 416, ""},
		{"GET", file, "Range: bytes=9223372036854775807-", 416, ""},
		{"GET", file, "Range: bytes=0-9223372036854775807", 206, bundleText},
		{"GET", file, "Range: bytes=--5", 416, ""},
		{"GET", file, "Range: bytes=5-2", 416, ""},
		{"GET", file, "Range: lines=1-2", 416, ""},
		{"GET", file, "Range: bytes=1-2,4-5", 200, bundleText},
		{"GET", file, "Range: bytes=1-2\r\nRange: bytes=4-5", 200, bundleText},
		{"GET", file, "Range: bytes=" + strings.Repeat("0-,", 4000) + "0-", 200, bundleText},
		{"GET", file, "Range: bytes=4-\r\nIf-Range: \"sha256-abc\"", 206, "456789"},
		{"GET", file, "Range: bytes=4-\r\nIf-Range: \"sha256-other\"", 200, bundleText},
		{"GET", file, "Range: bytes=4-\r\nIf-Range: W/\"sha256-abc\"", 200, bundleText},
		{"GET", file, "If-None-Match: \"sha256-abc\"", 304, ""},
	} {
		var header []string
		if test.header != "" {
			header = []string{test.header}
		}
		resp, body, err := getOver(r.dial(t), test.method, test.path, header...)
		if err != nil {
			t.Errorf("%s %.80q %.40q: %v", test.method, test.path, test.header, err)
			continue
		}
		if resp.StatusCode != test.code || test.code < 400 && string(body) != test.body {
			t.Errorf("%s %.80q %.40q: %d %.40q, want %d %q", test.method, test.path, test.header, resp.StatusCode, body, test.code, test.body)
		}
		if test.code < 300 && resp.Header.Get("ETag") != `"sha256-abc"` {
			t.Errorf("%s %.80q: ETag %q", test.method, test.path, resp.Header.Get("ETag"))
		}
	}
	if n := r.server.downloads.all; n != 0 || len(r.server.downloads.from) != 0 {
		t.Errorf("%d downloads are still counted", n)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if opened := p.closed; opened == 0 {
		t.Error("no file was closed")
	}
	for _, asked := range p.asked {
		if _, file, _ := strings.Cut(asked, "/"); file == "VERSION" {
			t.Errorf("asked for %q", asked)
		}
	}
}

// endless is a file of size bytes, all zero.
type endless struct{ at, size int64 }

func (e *endless) Read(p []byte) (int, error) {
	if e.at >= e.size {
		return 0, io.EOF
	}
	n := min(int64(len(p)), e.size-e.at)
	clear(p[:n])
	e.at += n
	return int(n), nil
}

func (e *endless) Seek(offset int64, whence int) (int64, error) {
	e.at = [...]int64{0, e.at, e.size}[whence] + offset
	return e.at, nil
}

// stalled begins a download and reads only the head of the answer.
func stalled(t *testing.T, p *peertest.Peer) *http.Response {
	t.Helper()
	p.Write("GET /upgrades/stable/large HTTP/1.1\r\nHost: x\r\n\r\n")
	resp, err := http.ReadResponse(bufio.NewReaderSize(p.Conn, 16), nil)
	if err != nil {
		t.Fatal(err)
	}
	return resp
}

// As many downloads as there may be, none of which is read, leave sessions all of their places.
func TestDownloadsBesideSessions(t *testing.T) {
	limits := Limits{DownloadsPerAddress: 100, Served: 2, GreetingPerAddress: 2}
	withFakeClock(t, limits, func(t *testing.T, r *running, l *pipeListener) { // no download ends for want of a reader
		p := publish()
		p.files["stable/large"] = func() io.ReadSeeker { return &endless{size: 1 << 40} }
		r.server.opt.Upgrades = p
		dial := func() *peertest.Peer {
			p := r.over(t, l.dialFrom("127.0.0.1"))
			p.Conn.SetReadDeadline(time.Now().Add(time.Second))
			return p
		}
		first := dial()
		for i := range 64 {
			peer := first
			if i > 0 {
				peer = dial()
			}
			if resp := stalled(t, peer); resp.StatusCode != 200 {
				t.Fatalf("download %d: %s", i+1, resp.Status)
			}
		}
		if resp := stalled(t, dial()); resp.StatusCode != 503 || resp.Header.Get("Retry-After") != "60" {
			t.Errorf("one more: %s, %v", resp.Status, resp.Header)
		}
		for i := range 8 {
			agent := fmt.Sprint("a", i)
			s := dial()
			s.Hello(agent, r.token)
			s.OK(agent, "check_metrics.post", peertest.Metric("r1", "c"))
			s.OK(agent, "heartbeat.post", "null")
			s.Conn.Close()
		}
		r.wantStored(t, 8)
		// One that ends makes room for another.
		first.Conn.NetConn().Close()
		synctest.Wait()
		if resp := stalled(t, dial()); resp.StatusCode != 200 {
			t.Errorf("a download that ended is still counted: %s", resp.Status)
		}
	})
}

func TestDownloadsOfOneAddress(t *testing.T) {
	p := publish()
	p.files["stable/large"] = func() io.ReadSeeker { return &endless{size: 1 << 40} }
	r := newSite(t).start(t, p.to)
	for i, want := range []int{200, 200, 200, 200, 503} {
		if resp := stalled(t, r.dial(t)); resp.StatusCode != want {
			t.Errorf("download %d of an address: %s, want %d", i+1, resp.Status, want)
		}
	}
	r.stop(t) // which waits for none of them
}

// A peer has half a minute to read a part, and ten minutes for all.
func TestTimeOfADownload(t *testing.T) {
	for name, test := range map[string]struct {
		wait time.Duration // before each part
		part int
		end  time.Duration
	}{
		"stalled": {time.Hour, 1, 30 * time.Second},
		"slow":    {28 * time.Second, 64 << 10, 10 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			withFakeClock(t, Limits{}, func(t *testing.T, r *running, l *pipeListener) {
				p := publish()
				p.files["stable/large"] = func() io.ReadSeeker { return &endless{size: 1 << 40} }
				r.server.opt.Upgrades = p
				peer := r.over(t, l.dial())
				began := time.Now()
				stalled(t, peer)
				var ended time.Duration
				background(t, func() {
					for buf := make([]byte, test.part); ; {
						time.Sleep(test.wait)
						if _, err := io.ReadFull(peer.Conn, buf); err != nil {
							return
						}
					}
				})
				for ended == 0 {
					time.Sleep(time.Second)
					synctest.Wait()
					r.server.downloads.mu.Lock()
					if r.server.downloads.all == 0 {
						ended = time.Since(began)
					}
					r.server.downloads.mu.Unlock()
					if time.Since(began) > 2*test.end {
						t.Fatal("it goes on")
					}
				}
				if ended < test.end-time.Second || ended > test.end+6*time.Second { // TLS has 5 s for its last alert
					t.Errorf("ended after %v, want %v", ended, test.end)
				}
				peer.Conn.Close()
			})
		})
	}
}

// An agent that has the feature is told of a newer bundle, once, and asks for it.
func TestTellOfABundle(t *testing.T) {
	p := publish()
	site := newSite(t)
	r := site.start(t, p.to)
	hello := func(agent, more string) *peertest.Peer {
		s := r.dial(t)
		s.OK(agent, "handshake.hello", helloWith(agent, site.token, more))
		return s
	}
	// told reports whether the endpoint tells of a bundle before it answers a heartbeat.
	told := func(s *peertest.Peer, agent string) (method string) {
		s.Send(agent, "heartbeat.post", "null")
		for {
			f := s.Read()
			if f.Method == "" {
				return method
			}
			method = f.Method
			s.Write(fmt.Sprintf(`{"v":"1","id":%d,"source":%q,"target":"endpoint","result":0}`+"\n", f.ID, agent))
		}
	}
	const feature = `,"features":[{"name":"bundle_upgrade","version":"1"}],"bundle_version":"1.3.0"`
	s := hello("a0", feature+`,"bundle_state":"good"`)
	if method := told(s, "a0"); method != "" {
		t.Errorf("nothing is published: %s", method)
	}
	p.set(Offer{"1.4.0", "bundle-standard-1.4.0.zip", 10, "abc"})
	if method := told(s, "a0"); method != "bundle_upgrade.available" {
		t.Errorf("told %q", method)
	}
	if method := told(s, "a0"); method != "" {
		t.Errorf("told again: %q", method)
	}
	want := `{"version":"1.4.0","file":"bundle-standard-1.4.0.zip","size":10,"sha256":"abc"}`
	for _, params := range []string{"null", "{}", `{"name":"standard","channel":"stable"}`} {
		if got := s.OK("a0", "bundle_upgrade.get_version", params); got != want {
			t.Errorf("%s: %s", params, got)
		}
	}
	for _, params := range []string{`{"name":"own"}`, `{"channel":"beta"}`, `[]`, `{"name":7}`, `{"name":"` + strings.Repeat("x", 65) + `"}`} {
		if got := s.OK("a0", "bundle_upgrade.get_version", params); got != `{"version":"0.0.0-0"}` {
			t.Errorf("%s: %s", params, got)
		}
	}
	const ofLinux = `{"os":"linux","arch":"amd64"}`
	for params, version := range map[string]string{ofLinux: want, `{"os":"linux","arch":"amd64","channel":"beta"}`: "", "{}": "", "null": "",
		`{"os":"linux"}`: "", `{"os":"freebsd","arch":"amd64"}`: "", `[]`: "", `{"os":1}`: ""} {
		got := s.OK("a0", "binary_upgrade.get_version", params)
		if got != cmp.Or(version, `{"version":"0.0.0-0"}`) {
			t.Errorf("programs, %s: %s", params, got)
		}
	}
	p.set(Offer{"1.5.0", "bundle-standard-1.5.0.zip", 10, "abc"})
	if method := told(s, "a0"); method != "bundle_upgrade.available" {
		t.Errorf("of the next version: %q", method)
	}
	for agent, more := range map[string]string{
		"a1": `,"bundle_version":"1.3.0"`, // without the feature
		"a2": feature + `,"bundle_state":"back 1.5.0: it fails"`,
		"a3": feature + `,"bundle_channel":"beta"`,
		"a4": feature + `,"bundle_name":"own"`,
	} {
		if method := told(hello(agent, more), agent); method != "" {
			t.Errorf("%s is told %q", more, method)
		}
	}
	list, err := site.store.Agents(t.Context(), "a2")
	if err != nil || list[0].BundleState != "back 1.5.0: it fails" {
		t.Errorf("%+v, %v", list, err)
	}
}
