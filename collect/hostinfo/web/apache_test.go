package web

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"virgo/collect/hostinfo/sourcetest"
)

// A configuration that includes itself is bounded.
func FuzzApacheConfig(f *testing.F) {
	sourcetest.Seeds(f, "software/debian/etc/apache2/*.conf",
		"software/debian/etc/apache2/sites-enabled/*", "software/redhat/etc/httpd/conf*/*")
	f.Add([]byte("Include *\n<VirtualHost *:80>\nInclude *\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		r := &apacheReader{
			configFiles: sameFile(b), root: "/etc/apache2", vars: map[string]string{"A": "${A}${A}"},
			list: func(name string) ([]string, bool) { return []string{"a"}, name == "/folder" },
		}
		r.file("/etc/apache2/apache2.conf", apacheSection{})
		if r.files > maxConfigFiles+1 && r.problems.Err() == nil {
			t.Errorf("%d files", r.files)
		}
		sourcetest.CheckJSON(t, b, r.setup.vhosts)
	})
}

// sameFile is a configuration whose files are all the same, where each pattern also matches a
// folder.
func sameFile(b []byte) configFiles {
	return configFiles{
		read: func(string) ([]byte, error) { return b, nil },
		glob: func(pattern string) []string { return []string{pattern, "/folder"} },
		done: func() error { return nil },
	}
}

// A variable's value is a secret by the variable's name, which is gone where the value is inserted.
func TestSecretVariablesAreRedacted(t *testing.T) {
	r := &apacheReader{vars: map[string]string{"PUSH_TOKEN": sourcetest.Secret, "HOME": "/srv"}}
	w := r.words(`CustomLog "|/bin/ship ${PUSH_TOKEN} ${HOME}"`)
	if strings.Join(w, " ") != "CustomLog |/bin/ship [redacted] /srv" {
		t.Errorf("%q", w)
	}
}

// A configuration that includes itself is read up to the bounds, which is an error.
func TestConfigurationThatIncludesItself(t *testing.T) {
	h := sourcetest.Tree(t, map[string]string{
		"usr/sbin/apache2":         "",
		"etc/apache2/apache2.conf": "Include apache2.conf\nInclude apache2.conf\nListen 80\n",
		"usr/sbin/nginx":           "",
		"etc/nginx/nginx.conf":     "include nginx.conf; include nginx.conf; http { server { listen 80; } }",
	}, map[string]string{"apache2 -v": "", "sh -c exec nginx -V 2>&1": ""})
	for _, name := range []string{"apache2", "nginx_config"} {
		got, err := sourcetest.Find(t, Types(), name).Read(t.Context(), h)
		if err == nil || !strings.Contains(err.Error(), "10 deep") {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

func FuzzEnvvars(f *testing.F) {
	sourcetest.Seeds(f, "software/debian/etc/apache2/envvars")
	f.Fuzz(func(t *testing.T, b []byte) { sourcetest.CheckJSON(t, b, parseEnvvars(b)) })
}

// The bytes per second are the same for both sizes: the time is linear.
func BenchmarkHostileConfiguration(b *testing.B) {
	for name, parse := range map[string]func(string){
		"nginx ${": func(s string) { (&nginxScanner{text: strings.ReplaceAll(s, "x", "${"), line: 1}).next() },
		"apache \\": func(s string) {
			for range apacheLines([]byte(strings.ReplaceAll(s, "x", "\\\n"))) {
				b.Fatal("there is no directive")
			}
		},
	} {
		for _, size := range []int{1 << 10, 64 << 10} {
			b.Run(fmt.Sprintf("%s/%dKiB", name, size>>10), func(b *testing.B) {
				s := strings.Repeat("x", size)
				b.SetBytes(int64(size))
				for b.Loop() {
					parse(s)
				}
			})
		}
	}
}

func TestParseEnvvars(t *testing.T) {
	got := parseEnvvars([]byte("export A=b\n export C=\"d$SUFFIX\"\nE=f\nexport G=$(hostname)\nexport H=`id`\n"))
	if want := map[string]string{"A": "b", "C": "d"}; !maps.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
