package redact

import (
	"encoding/base64"
	"net/url"
	"strings"
	"testing"
)

// TestRepeatedSecrets: a secret is removed wherever it is in the text, also without a mark and in
// other encodings.
func TestRepeatedSecrets(t *testing.T) {
	const odd = "hunter2 Zq7+&/"
	basic := base64.StdEncoding.EncodeToString([]byte("bob:" + S))
	for name, text := range map[string]string{
		"a word":              "mysql -p" + S + " && echo " + S,
		"before the mark":     "echo " + S + "; PGPASSWORD=" + S + " psql",
		"part of a word":      "token=" + S + " /srv/cache-" + S + "x.tgz",
		"of an address":       "curl https://bob:" + S + "@h/ https://h/?p2=" + S,
		"of a header":         `curl -H "Authorization: Basic ` + basic + `" ; echo ` + S,
		"the header itself":   "password=" + S + " x " + base64.StdEncoding.EncodeToString([]byte(S)),
		"percent-encoded":     `password="` + odd + `" next=` + url.QueryEscape(odd),
		"percent-decoded":     "https://bob:" + url.QueryEscape(S+"@1") + "@h/ and " + S + "@1",
		"encoded name":        "next=%2Fcb%3Fpassword%3D" + S + "%26x",
		"encoded twice":       "password%253D" + S,
		"escaped in JSON":     `{"q":"password\u003d` + S + `"}`,
		"escaped in HTML":     "password&#61;" + S,
		"quoted, then a word": "--token '" + S + "' --log /var/log/" + S + "/x",
	} {
		for how, got := range map[string]string{"text": Text(text), "args": strings.Join(Args(append([]string{"prog"}, strings.Split(text, " ")...)), " ")} {
			if how == "args" && (name == "percent-encoded" || name == "of a header") { // its blank is a new argument
				continue
			}
			if strings.Contains(got, S) || strings.Contains(got, url.QueryEscape(odd)) || strings.Contains(got, base64.StdEncoding.EncodeToString([]byte(S))) {
				t.Errorf("%s, %s: %q", name, how, got)
			}
			if again := Text(got); how == "text" && again != got {
				t.Errorf("%s: %q, then %q", name, got, again)
			}
		}
	}
}

// TestWhatIsNoRepetition: what only looks like a repetition stays, since to remove it would tell that
// it is the secret.
func TestWhatIsNoRepetition(t *testing.T) {
	for text, want := range map[string]string{
		"mysql -proot -uroot root.cnf":      "mysql -p" + Mark + " -uroot root.cnf", // four letters
		"git clone https://git@h/git.git":   "git clone https://" + Mark + "@h/git.git",
		"password=short x shortest":         "password=" + Mark + " x shortest",
		"password=yes yes":                  "password=yes yes",
		"https://deploy@h/ ssh deploy@h":    "https://" + Mark + "@h/ ssh deploy@h",
		"password=redacted [redacted] then": "password=" + Mark + " [redacted] then",
		"Cookie: theme=dark; lang=en":       "Cookie: " + Mark,
	} {
		if got := Text(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestRepeatedSecretsTakeLinearTime(t *testing.T) {
	Text(strings.Repeat("password="+S+" ", 20_000))
	var b strings.Builder
	for i := range 20_000 {
		b.WriteString("token=secret")
		b.WriteString(strings.Repeat("x", i%50))
		b.WriteString(" ")
	}
	Text(b.String())
}
