package config

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"virgo/schedule/yaml/full"
)

func TestProxyPrecedence(t *testing.T) {
	const endpoint = "endpoint: monitor.example.com:1\n"
	for name, tc := range map[string]struct {
		file       string
		env        []string
		url, shown string
		without    string
	}{
		"none":                       {endpoint, nil, "", "", ""},
		"HTTPS_PROXY":                {endpoint, []string{"HTTPS_PROXY", "http://c:1"}, "http://c:1", "http://c:1", ""},
		"lower case":                 {endpoint, []string{"https_proxy", "c:1", "no_proxy", "a,b c"}, "c:1", "http://c:1", "a b c"},
		"upper case first":           {endpoint, []string{"https_proxy", "s:1", "HTTPS_PROXY", "l:1", "no_proxy", "s", "NO_PROXY", "l"}, "l:1", "http://l:1", "l"},
		"file over HTTPS_PROXY":      {endpoint + "proxy: http://f:1\n", []string{"HTTPS_PROXY", "http://c:1", "NO_PROXY", "a"}, "http://f:1", "http://f:1", "a"},
		"VIRGO_PROXY over all":       {endpoint + "proxy: http://f:1\n", []string{"HTTPS_PROXY", "http://c:1", "VIRGO_PROXY", "http://o:1"}, "http://o:1", "http://o:1", ""},
		"none over HTTPS_PROXY":      {endpoint + "proxy: none\n", []string{"HTTPS_PROXY", "http://c:1"}, "", "none", ""},
		"direct is none":             {endpoint + "proxy: DIRECT\n", []string{"HTTPS_PROXY", "http://c:1"}, "", "none", ""},
		"none in the environment":    {endpoint + "proxy: http://f:1\n", []string{"VIRGO_PROXY", "none"}, "", "none", ""},
		"no_proxy in the file":       {endpoint + "no_proxy: [x]\n", []string{"HTTPS_PROXY", "c:1", "NO_PROXY", "a"}, "c:1", "http://c:1", "x"},
		"only NO_PROXY":              {endpoint, []string{"NO_PROXY", "a"}, "", "", ""},
		"no endpoint":                {"agent_id: a\n", []string{"HTTPS_PROXY", "http://c:1"}, "", "", ""},
		"HTTPS_PROXY is not checked": {endpoint, []string{"HTTPS_PROXY", "gopher://c:1"}, "gopher://c:1", redacted, ""},
	} {
		c, err := strictly(write(t, "virgo.yaml", tc.file, 0o600), true, environment(tc.env...), full.Parse)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := strings.Join(c.NoProxy, " "); c.Proxy.URL() != tc.url || c.Proxy.String() != tc.shown || got != tc.without {
			t.Errorf("%s: %q shown as %q, without for %q", name, c.Proxy.URL(), c.Proxy, got)
		}
		if common := c.Proxy.From != ""; common != (strings.Contains(tc.url, "c:1") || strings.Contains(tc.url, "l:1")) {
			t.Errorf("%s: from %q", name, c.Proxy.From)
		}
	}
}

func TestProxyPasswordIsNeverPrinted(t *testing.T) {
	const password = "5ECRET"
	for _, url := range []string{
		"http://user:" + password + "@proxy:1", "socks5://user:" + password + "@proxy", "user:" + password + "@proxy:1", password + "@proxy:1",
	} {
		c, err := strictly(write(t, "virgo.yaml", "endpoint: a:1\nproxy: "+url+"\n", 0o600), true, environment(), full.Parse)
		if err != nil || c.Proxy.URL() != url {
			t.Fatalf("%v, %q", err, c.Proxy.URL())
		}
		js, err := json.Marshal(struct{ P any }{c.Proxy})
		if err != nil {
			t.Fatal(err)
		}
		type hidden struct{ c Config }
		text := string(js) + fmt.Sprint(c, c.Proxy)
		for _, format := range []string{"%v", "%+v", "%#v", "%s", "%x", "%q"} {
			text += fmt.Sprintf(format, hidden{c}) + fmt.Sprintf(format, c) + fmt.Sprintf(format, c.Proxy)
		}
		if strings.Contains(text, password) || strings.Contains(text, fmt.Sprintf("%x", password)) {
			t.Errorf("printed: %s", text)
		}
		if !strings.Contains(text, "//proxy:") {
			t.Errorf("the host is missing: %s", text)
		}
	}
	for _, text := range []string{
		"gopher://u:" + password + "@p", "http://u:" + password + "%zz@p:1", "http://u:" + password, "http://u:" + password + "@p:x", "\"http://u:" + password + "\\n@p:1\"",
	} {
		_, err := strictly(write(t, "virgo.yaml", "proxy: "+text+"\n", 0o600), true, environment(), full.Parse)
		if err == nil || strings.Contains(err.Error(), password) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestCertificatePathsAreRelativeToTheFile(t *testing.T) {
	path := write(t, "virgo.yaml", "client_cert: c.pem\nclient_key: /k.pem\n", 0o644)
	c, err := strictly(path, true, environment(), full.Parse)
	if err != nil || c.ClientCert != filepath.Join(filepath.Dir(path), "c.pem") || c.ClientKey != "/k.pem" {
		t.Errorf("%q, %q, %v", c.ClientCert, c.ClientKey, err)
	}
}
