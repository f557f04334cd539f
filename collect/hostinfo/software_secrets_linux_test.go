package hostinfo

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"virgo/collect/hostinfo/redact"
)

// Secrets are where owners and programs put them, and in no answer. Each is s3cr3t and a number,
// which identifies a leak.
func TestNoSoftwareAnswerHasASecret(t *testing.T) {
	h := softwareFamilies()[0].host(t)
	number := 0
	for name, text := range softwarePlants() {
		for strings.Contains(text, "%s") {
			number++
			text = strings.Replace(text, "%s", fmt.Sprintf("s3cr3t%02d", number), 1)
		}
		text = strings.ReplaceAll(text, "%%", "%")
		file := filepath.Join(h.Root, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	// Links that a site's owner may create are not followed.
	if err := os.WriteFile(filepath.Join(h.Root, "root.php"), []byte("/*\nPlugin Name: s3cr3t41\n*/"),
		0o600); err != nil {
		t.Fatal(err)
	}
	for link, target := range map[string]string{
		"var/www/blog/wp-content/plugins/out.php": filepath.Join(h.Root, "root.php"),
		"var/www/blog/wp-content/themes/out":      "../../../../../",
		"var/www/blog/loop":                       "../blog",
	} {
		if err := os.Symlink(target, filepath.Join(h.Root, link)); err != nil {
			t.Fatal(err)
		}
	}
	prints := h.Output
	h.Output = plantedOutput(prints)
	// The types that show texts with secrets show the mark in their place.
	show := []string{"apache2", "cron", "fail2ban", "iptables", "lsyncd", "nginx_config", "php",
		"postfix", "services", "wordpress"}
	for _, s := range softwareTypes() {
		b, err := json.Marshal(answer(t.Context(), h, s))
		if err != nil {
			t.Fatal(err)
		}
		if slices.Contains(show, s.Name) && !strings.Contains(string(b), redact.Mark) && !strings.Contains(string(b), redact.Omitted) {
			t.Errorf("%s does not show what was planted", s.Name)
		}
		for at := strings.Index(string(b), "s3cr3t"); at >= 0; at = -1 {
			t.Errorf("%s has a secret: %s", s.Name, b[max(0, at-120):min(len(b), at+40)])
		}
	}
}

// plantedOutput adds secrets to what programs print.
type runFunc = func(ctx context.Context, name string, args ...string) ([]byte, error)

func plantedOutput(prints runFunc) runFunc {
	return func(ctx context.Context, name string, args ...string) ([]byte, error) {
		out, err := prints(ctx, name, args...)
		switch name {
		case "postconf":
			out = append(out,
				"smtp_sasl_password_maps = inline:{example.net=bob:s3cr3t42}\nrelayhost = http://bob:s3cr3t43@example.net\n"...)
		case "iptables-save":
			out = append(out, "*filter\n-A INPUT -m comment --comment \"password=s3cr3t44\" -j ACCEPT\nCOMMIT\n"...)
		case "sh":
			out = append(out, "configure arguments: --with-cc-opt='-DAPI_TOKEN=s3cr3t45'\n"...)
		}
		return out, err
	}
}
