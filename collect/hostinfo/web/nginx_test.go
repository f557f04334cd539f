package web

import (
	"testing"

	"virgo/collect/hostinfo/redact"
	"virgo/collect/hostinfo/sourcetest"
)

func FuzzNginxConfig(f *testing.F) {
	sourcetest.Seeds(f, "software/*/etc/nginx/*.conf", "software/*/etc/nginx/*/*")
	f.Add([]byte("http { include *; server { include *; listen '80' \"x\\\"; } } content_by_lua_block { -- }\n }"))
	f.Fuzz(func(t *testing.T, b []byte) {
		r := &nginxReader{configFiles: sameFile(b)}
		r.file("/etc/nginx/nginx.conf")
		if len(r.blocks) != 0 || r.host != nil {
			t.Errorf("%d blocks are open", len(r.blocks))
		}
		sourcetest.CheckJSON(t, b, r.setup)
	})
}

func FuzzNginxVersion(f *testing.F) {
	sourcetest.Seeds(f, "software/*.out/nginx")
	f.Fuzz(func(t *testing.T, b []byte) {
		var n nginxConfig
		parseNginxVersion(b, &n, redact.Arguments{})
		sourcetest.CheckJSON(t, b, n)
	})
}

// The configuration is where nginx was built to find it, and only servers of http are web sites.
func TestNginxWithAnotherConfiguration(t *testing.T) {
	h := sourcetest.Tree(t, map[string]string{
		"usr/sbin/nginx": "",
		"opt/nginx.conf": "stream { server { listen 1; } } http { upstream u { server a; } server { listen 2; } }",
	}, map[string]string{
		"sh -c exec nginx -V 2>&1": "nginx version: nginx/1.2\nconfigure arguments: --conf-path=/opt/nginx.conf --x='a b'\n",
	})
	got := sourcetest.Read[nginxConfig](t, h, nginxConfigType())
	if got.ConfPath != "/opt/nginx.conf" || len(got.Vhosts) != 1 || got.Vhosts[0].Listen[0] != "2" ||
		len(got.ConfigureArguments) != 2 {
		t.Errorf("%+v", got)
	}
}
