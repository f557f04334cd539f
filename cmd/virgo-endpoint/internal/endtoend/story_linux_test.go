package endtoend

import (
	"bufio"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"virgo/collect/collecttest"
)

// storyKey signs the webhooks of the story.
const storyKey = "the story's key"

// The whole way, with the real programs: an empty machine, an endpoint with its page, three hosts, a disk that fills, an
// alarm by mail and by webhook, a silence, an outage whose late results are drawn and raise nothing, the all-clear.
func TestStory(t *testing.T) {
	collecttest.Thorough(t, "builds the programs and starts a mail server")
	if os.Getuid() != 0 {
		t.Skip("opensmtpd runs as root only")
	}
	unshare := collecttest.Program(t, "unshare", "util-linux")
	if err := exec.Command(unshare, "--mount", "true").Run(); err != nil {
		t.Skipf("no namespaces here: %v", err)
	}
	bin := t.TempDir()
	build := exec.Command("go", "build", "-trimpath", "-o", bin+string(filepath.Separator), "virgo/cmd/virgo", "virgo/cmd/virgo-endpoint")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	smtp, box := mailServer(t, unshare)
	hook := &receiver{}
	posts := httptest.NewServer(hook)
	t.Cleanup(posts.Close)
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "story"),
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("PATH", bin+string(filepath.ListSeparator)+env.Getenv("PATH"))
			env.Setenv("D", filepath.Join(env.WorkDir, "endpoint"))
			host, port, _ := strings.Cut(smtp, ":")
			text := fmt.Sprintf(storyNotify, host, port, posts.URL, filepath.Join(env.WorkDir, "hook.key"))
			jar, err := cookiejar.New(nil)
			if err != nil {
				return err
			}
			env.Values[storyRun{}] = &storyRun{box: box, hook: hook, client: &http.Client{Jar: jar}}
			if err := os.WriteFile(filepath.Join(env.WorkDir, "hook.key"), []byte(storyKey), 0o600); err != nil {
				return err
			}
			return os.WriteFile(filepath.Join(env.WorkDir, "notify.yaml"), []byte(text), 0o600)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"serve": storyServe, "unserve": storyUnserve, "token": storyToken, "until": storyUntil,
			"exits": storyExits, "page": storyPage, "mail": storyMail, "hook": storyHook,
		},
	})
}

const storyNotify = `group: 1s
notifiers:
  ops: {mail: {to: [ops@example.com], from: virgo@example.com, server: '%s:%s', tls: none}}
  hook: {webhook: '%s', secret: 'file:%s'}
`

// mailServer starts a real mail server, which puts all mail into one folder.
func mailServer(t *testing.T, unshare string) (address, box string) {
	t.Helper()
	smtpd := collecttest.Program(t, "smtpd", "opensmtpd")
	dir := collecttest.Folder(t)
	box = filepath.Join(dir, "mail")
	if err := os.Mkdir(box, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(box, 0o777); err != nil { // the user nobody delivers
		t.Fatal(err)
	}
	port := collecttest.FreePort(t)
	address = "127.0.0.1:" + port
	config := collecttest.WriteFile(t, dir, "smtpd.conf", "listen on 127.0.0.1 port "+port+"\naction in maildir \""+box+
		"\" virtual { \"@\" = nobody }\nmatch from any for any action in\n")
	if err := os.Chmod(config, 0o600); err != nil {
		t.Fatal(err)
	}
	// Its queue and its socket are at fixed places.
	script := "mount -t tmpfs -o mode=755 tmpfs /var/spool && mount -t tmpfs -o mode=755 tmpfs /run && " +
		"mkdir -m 711 /var/spool/smtpd && exec " + smtpd + " -d -f " + config
	collecttest.Serve(t, exec.Command(unshare, "--mount", "sh", "-c", script), collecttest.Answers("tcp", address))
	return address, filepath.Join(box, "new")
}

// A receiver keeps the webhooks whose signature is right.
type receiver struct {
	mu    sync.Mutex
	posts []string
	wrong int
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(io.LimitReader(req.Body, 1<<20))
	mac := hmac.New(sha256.New, []byte(storyKey))
	fmt.Fprintf(mac, "%s.%s.%s", req.Header.Get("webhook-id"), req.Header.Get("webhook-timestamp"), body)
	want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil || !hmac.Equal([]byte(want), []byte(req.Header.Get("webhook-signature"))) {
		r.wrong++
		http.Error(w, "no", http.StatusForbidden)
		return
	}
	r.posts = append(r.posts, string(body))
}

// A storyRun is what the commands of the script share; its zero value is the key in testscript.Env.Values.
type storyRun struct {
	box    string
	hook   *receiver
	client *http.Client
	server *exec.Cmd
	web    string
}

func storyOf(ts *testscript.TestScript) *storyRun { return ts.Value(storyRun{}).(*storyRun) }

// serve starts the endpoint with its page, and sets ADDR. The first time it chooses the password, as a person would by the
// link that is printed.
func storyServe(ts *testscript.TestScript, _ bool, args []string) {
	s := storyOf(ts)
	listen := ts.Getenv("ADDR")
	if listen == "" {
		listen = "127.0.0.1:0"
	}
	s.server = exec.Command(filepath.Join(strings.Split(ts.Getenv("PATH"), string(filepath.ListSeparator))[0], "virgo-endpoint"),
		append([]string{"serve", "--dir", ts.Getenv("D"), "--listen", listen, "--web", "127.0.0.1:0"}, args...)...)
	log, err := os.OpenFile(ts.MkAbs("serve.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	ts.Check(err)
	s.server.Stderr = log
	out, err := s.server.StdoutPipe()
	ts.Check(err)
	ts.Check(s.server.Start())
	server := s.server
	ts.Defer(func() { server.Process.Kill(); server.Wait(); log.Close() })
	lines := bufio.NewScanner(out)
	for s.web = ""; s.web == "" && lines.Scan(); {
		line := lines.Text()
		if addr, ok := strings.CutPrefix(line, "listening on "); ok {
			ts.Setenv("ADDR", addr)
		}
		if web, ok := strings.CutPrefix(line, "page on "); ok {
			s.web = web
		}
	}
	if s.web == "" {
		ts.Fatalf("the endpoint said nothing of a page\n%s", ts.ReadFile("serve.log"))
	}
	first := ts.Getenv("LOGGED_IN") == ""
	if first {
		if !lines.Scan() {
			ts.Fatalf("no link for the first password")
		}
		link := regexp.MustCompile(`http://\S+/code/\S+`).FindString(lines.Text())
		s.post(ts, link, url.Values{"name": {"ada"}, "password": {"correct-horse-9"}})
		ts.Setenv("LOGGED_IN", "1")
	} else { // the page has another port, and another cookie
		s.post(ts, s.web+"/login", url.Values{"name": {"ada"}, "password": {"correct-horse-9"}})
	}
	go io.Copy(io.Discard, out)
}

// post sends a form as a browser does that shows the page.
func (s *storyRun) post(ts *testscript.TestScript, address string, form url.Values) {
	req, err := http.NewRequest(http.MethodPost, address, strings.NewReader(form.Encode()))
	ts.Check(err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Origin", s.web)
	client := *s.client
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	resp, err := client.Do(req)
	ts.Check(err)
	resp.Body.Close()
	if resp.StatusCode != http.StatusSeeOther {
		ts.Fatalf("logging in: %s", resp.Status)
	}
}

// unserve ends the endpoint; "stop" is testscript's own, which ends the script.
func storyUnserve(ts *testscript.TestScript, _ bool, _ []string) {
	s := storyOf(ts)
	ts.Check(s.server.Process.Signal(syscall.SIGTERM))
	if err := s.server.Wait(); err != nil {
		ts.Fatalf("the endpoint: %v\n%s", err, ts.ReadFile("serve.log"))
	}
}

// token sets PIN, and TOKEN to a new token for three hosts.
func storyToken(ts *testscript.TestScript, _ bool, _ []string) {
	var init struct{ Pin string }
	ts.Check(json.Unmarshal([]byte(ts.ReadFile("init.json")), &init))
	ts.Setenv("PIN", init.Pin)
	ts.Check(ts.Exec("virgo-endpoint", "token", "add", "--dir", ts.Getenv("D"), "--uses", "3", "--json"))
	var made struct{ Token string }
	ts.Check(json.Unmarshal([]byte(ts.ReadFile("stdout")), &made))
	ts.Check(os.WriteFile(ts.MkAbs("token"), []byte(made.Token+"\n"), 0o600))
}

// storyTime bounds what one line of the story waits for.
const storyTime = 150 * time.Second

// eventually calls ok until it is true.
func eventually(ts *testscript.TestScript, what string, ok func() bool) {
	end := time.NewTimer(storyTime)
	defer end.Stop()
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	for !ok() {
		select {
		case <-again.C:
		case <-end.C:
			for _, mail := range storyOf(ts).mails(ts) {
				ts.Logf("%s", mail)
			}
			ts.Fatalf("in vain: %s\n%s", what, ts.ReadFile("serve.log"))
		}
	}
}

// until REGEXP PROGRAM ARGS… runs the program until its output matches.
func storyUntil(ts *testscript.TestScript, _ bool, args []string) {
	want := regexp.MustCompile(args[0])
	eventually(ts, "until "+strings.Join(args, " "), func() bool {
		ts.Check(ts.Exec(args[1], args[2:]...))
		return want.MatchString(ts.ReadFile("stdout") + ts.ReadFile("stderr"))
	})
}

// exits CODE PROGRAM ARGS… expects that exit code.
func storyExits(ts *testscript.TestScript, _ bool, args []string) {
	code := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%v", err)
		}
		code = exit.ExitCode()
	}
	if fmt.Sprint(code) != args[0] {
		ts.Fatalf("exit code %d, want %s", code, args[0])
	}
}

// page PATH REGEXP gets a page, or an answer of its API, until it matches; ! page: it has to be there and not match.
func storyPage(ts *testscript.TestScript, neg bool, args []string) {
	s := storyOf(ts)
	want := regexp.MustCompile(args[1])
	eventually(ts, "page "+strings.Join(args, " "), func() bool {
		resp, err := s.client.Get(s.web + args[0])
		ts.Check(err)
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		ts.Check(err)
		if resp.StatusCode == http.StatusServiceUnavailable { // after a start the hosts are read
			return false
		}
		if resp.StatusCode != http.StatusOK {
			ts.Fatalf("%s: %s %s", args[0], resp.Status, body)
		}
		ts.Check(os.WriteFile(ts.MkAbs("page.out"), body, 0o600))
		if neg && want.Match(body) {
			ts.Fatalf("%s has %q", args[0], want.Find(body))
		}
		return neg || want.Match(body)
	})
}

// mail REGEXP waits for a mail that matches; ! mail REGEXP: none does.
func storyMail(ts *testscript.TestScript, neg bool, args []string) {
	s := storyOf(ts)
	want := regexp.MustCompile(args[0])
	find := func() bool { return slices.ContainsFunc(s.mails(ts), want.MatchString) }
	expect(ts, neg, "mail "+args[0], find)
}

// mails are those that were delivered, with the lines as they were before they were encoded for the way.
func (s *storyRun) mails(ts *testscript.TestScript) (list []string) {
	files, err := filepath.Glob(filepath.Join(s.box, "*"))
	ts.Check(err)
	for _, file := range files {
		data, err := os.ReadFile(file)
		ts.Check(err)
		list = append(list, strings.NewReplacer("=\r\n", "", "=\n", "", "=3D", "=").Replace(string(data)))
	}
	return list
}

// hook REGEXP waits for a webhook that matches; ! hook REGEXP: none does.
func storyHook(ts *testscript.TestScript, neg bool, args []string) {
	hook := storyOf(ts).hook
	expect(ts, neg, "hook "+args[0], func() bool {
		hook.mu.Lock()
		defer hook.mu.Unlock()
		if hook.wrong > 0 {
			ts.Fatalf("%d webhooks with a wrong signature", hook.wrong)
		}
		return regexp.MustCompile(args[0]).MatchString(strings.Join(hook.posts, "\n"))
	})
}

func expect(ts *testscript.TestScript, neg bool, what string, find func() bool) {
	if !neg {
		eventually(ts, what, find)
	} else if find() {
		ts.Fatalf("there is one: %s", what)
	}
}
